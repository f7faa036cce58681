import type { Connection } from '../../store/connection.js';
import type { SharedDatabase } from '../../store/store.js';
import { eventsTopic, isLeaseTopic, type Topics } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';

/** Interval at which a server repeats the topics that it listens to, and how long the others remember them. */
const repeatWantsMs = 5_000;
const rememberWantsMs = 12_000;

/** Handlers of what other servers notify. */
export interface PeerMessageHandlers {
  /** A server without loops wrote a due time. */
  due(atMs: number): void;
  /** Jobs of these label sets may have become claimable through another server. */
  claimable(sets: readonly number[]): void;
  /** Another server stored label sets. */
  labelSetsChanged(): void;
  /** Another server stored schedules. */
  schedulesChanged(): void;
  /** Another server began or ended a pause. */
  pausesChanged(): void;
  /** Another server began or ended a drain. */
  drainsChanged(): void;
}

interface Message {
  /** Label sets in which jobs are claimable. */
  readonly sets?: readonly number[];
  /** Topics to signal. */
  readonly topics?: readonly string[];
  /** Topics that the sender subscribes to for a while. */
  readonly wants?: readonly string[];
  /** Label sets were added. */
  readonly labels?: true;
  /** Schedules were stored. */
  readonly schedules?: true;
  /** A pause began or ended. */
  readonly pauses?: true;
  /** A drain of a worker began or ended. */
  readonly drains?: true;
  /** A due time that the sender leaves to others. */
  readonly due?: number;
}

/**
 * What the servers on one database notify each other of, in the transaction that causes it: claimable jobs, topics with
 * listeners, new label sets.
 *
 * A lost lease is published to all servers, because it is rare. For other topics, such as a job's log or the events, a
 * server subscribes while it has a listener, so topics without readers cost nothing.
 */
export class PeerMessages {
  readonly #shared: SharedDatabase;
  readonly #topics: Topics;
  readonly #now: () => number;
  readonly #notifiesDue: boolean;
  /** Topics that other servers subscribe to, and until when. */
  readonly #wanted = new Map<string, number>();
  #wantsToldAt = Number.NEGATIVE_INFINITY;
  /** The earliest future due time that the others know. */
  #dueNotified = Number.POSITIVE_INFINITY;

  constructor(
    shared: SharedDatabase,
    topics: Topics,
    now: () => number,
    notifiesDue: boolean,
    handlers: PeerMessageHandlers,
  ) {
    this.#shared = shared;
    this.#topics = topics;
    this.#now = now;
    this.#notifiesDue = notifiesDue;
    shared.onNotification((text) => this.#receive(JSON.parse(text) as Message, handlers));
    shared.onBack(() => topics.signalAll());
    topics.onFirstListener((topic) => {
      if (!isLeaseTopic(topic)) this.#notifyNow({ wants: [topic] });
    });
  }

  /** Notifies the others, with the commit of this batch, of what it changed for them. */
  notify(batch: Batch): void {
    if (this.#notifiesDue) this.#notifyDue(batch);
    const sets = [...batch.wakeups.claimable].filter((set) => !batch.wakeups.exhausted.has(set));
    const topics = [...batch.wakeups.signals].filter((topic) => isLeaseTopic(topic) || this.#isWanted(topic));
    if (batch.changes.events.length > 0 && this.#isWanted(eventsTopic)) topics.push(eventsTopic);
    for (const message of pieces(sets, topics, this.#shared.messageBytesMax)) {
      this.#shared.notify(batch.connection, JSON.stringify(message));
    }
  }

  /**
   * The others sleep until the earliest due time that they know and then read the next: they need only earlier ones.
   */
  #notifyDue(batch: Batch): void {
    if (this.#dueNotified <= batch.nowMs) this.#dueNotified = Number.POSITIVE_INFINITY;
    if (batch.wakeups.nextDueMs >= this.#dueNotified) return;
    this.#shared.notify(batch.connection, JSON.stringify({ due: batch.wakeups.nextDueMs } satisfies Message));
    batch.afterCommit.push(() => {
      this.#dueNotified = batch.wakeups.nextDueMs;
    });
  }

  /** Notifies the others, with the commit of this transaction, of new label sets. */
  notifyLabelSets(connection: Connection): void {
    this.#shared.notify(connection, JSON.stringify({ labels: true } satisfies Message));
  }

  /** Notifies the others, with the commit of this transaction, of a pause that began or ended. */
  notifyPauses(connection: Connection): void {
    this.#shared.notify(connection, JSON.stringify({ pauses: true } satisfies Message));
  }

  /** Notifies the others, with the commit of this transaction, of a drain that began or ended. */
  notifyDrains(connection: Connection): void {
    this.#shared.notify(connection, JSON.stringify({ drains: true } satisfies Message));
  }

  /** Notifies the others of schedules that may be due earlier than they know. */
  notifySchedules(): void {
    this.#notifyNow({ schedules: true });
  }

  /** Repeats this server's subscriptions when it is time, and drops expired ones of others. */
  repeatWants(): void {
    const now = this.#now();
    if (now - this.#wantsToldAt < repeatWantsMs) return;
    this.#wantsToldAt = now;
    for (const [topic, until] of this.#wanted) if (until < now) this.#wanted.delete(topic);
    const wants = this.#topics.listened().filter((topic) => !isLeaseTopic(topic));
    for (const { topics } of pieces([], wants, this.#shared.messageBytesMax)) {
      if (topics !== undefined) this.#notifyNow({ wants: topics });
    }
  }

  #isWanted(topic: string): boolean {
    const until = this.#wanted.get(topic);
    return until !== undefined && until >= this.#now();
  }

  #notifyNow(message: Message): void {
    this.#shared.notifyNow(JSON.stringify(message));
  }

  #receive(message: Message, handlers: PeerMessageHandlers): void {
    if (message.due !== undefined) handlers.due(message.due);
    if (message.labels) handlers.labelSetsChanged();
    if (message.schedules) handlers.schedulesChanged();
    if (message.pauses) handlers.pausesChanged();
    if (message.drains) handlers.drainsChanged();
    if (message.sets !== undefined) handlers.claimable(message.sets);
    for (const topic of message.topics ?? []) this.#topics.signal(topic);
    for (const topic of message.wants ?? []) this.#wanted.set(topic, this.#now() + rememberWantsMs);
  }
}

/** Splits what there is to send into messages that the database accepts. */
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
