import type { Connection } from '../store/connection.js';
import type { SharedDatabase } from '../store/store.js';
import type { Batch } from './batch.js';
import { eventsTopic, isLeaseTopic, type Topics } from './topics.js';

/** How often a server repeats which topics it listens to, and how long the others remember it. */
const repeatWantsMs = 5_000;
const rememberWantsMs = 12_000;

/** What this server does about what it hears. */
export interface Hearing {
  /** Something that a server without loops wrote falls due. */
  due(atMs: number): void;
  /** Jobs of these label sets may have become claimable through another server. */
  claimable(sets: readonly number[]): void;
  /** Another server stored label sets. */
  labelSetsChanged(): void;
}

interface Message {
  /** Label sets in which jobs are claimable. */
  readonly sets?: readonly number[];
  /** Topics to be signalled. */
  readonly topics?: readonly string[];
  /** Topics that the sender wants to hear of for a while. */
  readonly wants?: readonly string[];
  /** Label sets were added. */
  readonly labels?: true;
  /** When something falls due that the sender leaves to others. */
  readonly due?: number;
}

/**
 * What the servers on one database tell one another, in the transaction that causes it: jobs that can be claimed,
 * topics that somebody listens to, new label sets.
 *
 * A lost lease is told to all, since it is rare. Of other topics, such as a job's log or the events, a server says that
 * it wants to hear of them while somebody listens there, so that what nobody reads costs nothing.
 */
export class OtherServers {
  readonly #shared: SharedDatabase;
  readonly #topics: Topics;
  readonly #now: () => number;
  readonly #tellsOfDue: boolean;
  /** Topics that other servers want to hear of, and until when. */
  readonly #wanted = new Map<string, number>();
  #wantsToldAt = Number.NEGATIVE_INFINITY;
  /** The earliest due time that the others were told of and that is still to come. */
  #dueTold = Number.POSITIVE_INFINITY;

  constructor(shared: SharedDatabase, topics: Topics, now: () => number, tellsOfDue: boolean, hearing: Hearing) {
    this.#shared = shared;
    this.#topics = topics;
    this.#now = now;
    this.#tellsOfDue = tellsOfDue;
    shared.onTold((text) => this.#hear(JSON.parse(text) as Message, hearing));
    shared.onBack(() => topics.signalAll());
    topics.onFirstListener((topic) => {
      if (!isLeaseTopic(topic)) this.#tellNow({ wants: [topic] });
    });
  }

  /** Tells, with the commit of this batch, what it changed for the others. */
  tell(batch: Batch): void {
    if (this.#tellsOfDue) this.#tellOfDue(batch);
    const sets = [...batch.claimable].filter((set) => !batch.exhausted.has(set));
    const topics = [...batch.signals].filter((topic) => isLeaseTopic(topic) || this.#isWanted(topic));
    if (batch.events.length > 0 && this.#isWanted(eventsTopic)) topics.push(eventsTopic);
    for (const message of pieces(sets, topics, this.#shared.messageBytesMax)) {
      this.#shared.tell(batch.connection, JSON.stringify(message));
    }
  }

  /** They sleep until the earliest time that they know of, and then look by themselves: only an earlier one is news. */
  #tellOfDue(batch: Batch): void {
    if (this.#dueTold <= batch.nowMs) this.#dueTold = Number.POSITIVE_INFINITY;
    if (batch.nextDueMs >= this.#dueTold) return;
    this.#shared.tell(batch.connection, JSON.stringify({ due: batch.nextDueMs } satisfies Message));
    batch.afterCommit.push(() => {
      this.#dueTold = batch.nextDueMs;
    });
  }

  /** Tells, with the commit of this transaction, that there are new label sets. */
  tellOfLabelSets(connection: Connection): void {
    this.#shared.tell(connection, JSON.stringify({ labels: true } satisfies Message));
  }

  /** Repeats what this server wants to hear of, when it is time, and forgets what others wanted long ago. */
  repeatWants(): void {
    const now = this.#now();
    if (now - this.#wantsToldAt < repeatWantsMs) return;
    this.#wantsToldAt = now;
    for (const [topic, until] of this.#wanted) if (until < now) this.#wanted.delete(topic);
    const wants = this.#topics.listened().filter((topic) => !isLeaseTopic(topic));
    for (const { topics } of pieces([], wants, this.#shared.messageBytesMax)) {
      if (topics !== undefined) this.#tellNow({ wants: topics });
    }
  }

  #isWanted(topic: string): boolean {
    const until = this.#wanted.get(topic);
    return until !== undefined && until >= this.#now();
  }

  #tellNow(message: Message): void {
    this.#shared.tellNow(JSON.stringify(message));
  }

  #hear(message: Message, hearing: Hearing): void {
    if (message.due !== undefined) hearing.due(message.due);
    if (message.labels) hearing.labelSetsChanged();
    if (message.sets !== undefined) hearing.claimable(message.sets);
    for (const topic of message.topics ?? []) this.#topics.signal(topic);
    for (const topic of message.wants ?? []) this.#wanted.set(topic, this.#now() + rememberWantsMs);
  }
}

/** Cuts what there is to tell into messages that the database takes. */
function pieces(sets: readonly number[], topics: readonly string[], bytesMax: number): Message[] {
  const messages: Message[] = [];
  let current: { sets: number[]; topics: string[] } = { sets: [], topics: [] };
  let bytes = 0;
  const flush = () => {
    if (current.sets.length === 0 && current.topics.length === 0) return;
    messages.push({
      ...(current.sets.length > 0 ? { sets: current.sets } : {}),
      ...(current.topics.length > 0 ? { topics: current.topics } : {}),
    });
    current = { sets: [], topics: [] };
    bytes = 0;
  };
  const room = (size: number) => {
    if (bytes + size > bytesMax - 100) flush();
    bytes += size;
  };
  for (const set of sets) {
    room(String(set).length + 1);
    current.sets.push(set);
  }
  for (const topic of topics) {
    room(topic.length + 3);
    current.topics.push(topic);
  }
  flush();
  return messages;
}
