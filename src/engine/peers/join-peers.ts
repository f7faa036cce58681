import type { SharedDatabase } from '../../store/store.js';
import type { Claim } from '../claims/claim.js';
import type { Parking } from '../claims/parking.js';
import type { EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { PeerMessages } from './peer-messages.js';
import { PollClaimable } from './poll-claimable.js';

/** This server among the others on its database. */
export interface Peers {
  readonly messages: PeerMessages;
  readonly pollClaimable: PollClaimable;
  /** Serves the claims that wait here from these label sets. */
  serve(sets: readonly number[]): void;
  /** Polls for claimable jobs again in a moment. */
  lookSoon(): void;
}

/** How due times are divided among the servers. */
export interface DueHandling {
  /** Whether other servers handle this server's due times, so that it must notify them. */
  readonly notifiesDue: boolean;
  /** Called with a due time that another server wrote. */
  onDue(atMs: number): void;
  /** Called when another server stored schedules. */
  onSchedules(): void;
  /** Called when another server began or ended a pause, and when the database was away. */
  onPauses(): void;
  /** Called when another server began or ended a drain, and when the database was away. */
  onDrains(): void;
}

/** Joins the servers on a shared database: receives their notifications, and serves the claims that wait here. */
export function joinPeers(
  context: EngineContext,
  shared: SharedDatabase,
  parking: Parking<Claim>,
  due: DueHandling,
): Peers {
  const { labelSets, topics, store, writer, environment, log } = context;
  const heard = new Set<number>();
  let isServing = false;

  /** Serves the claims that wait here from label sets that others made claimable. */
  function serve(sets: readonly number[]): void {
    for (const set of sets) labelSets.noteClaimable(set);
    if (parking.size === 0) return;
    for (const set of sets) heard.add(set);
    if (heard.size === 0 || isServing) return;
    isServing = true;
    const now = [...heard];
    heard.clear();
    writer
      .submit(serveHeard, now)
      .catch((error: unknown) => log.warn({ err: error }, 'could not serve waiting claims; retrying in 1 s'))
      .finally(() => {
        isServing = false;
        if (heard.size > 0) serve([]);
      });
  }

  const serveHeard: Operation<readonly number[], void> = {
    name: 'serve-heard',
    keyOf: () => 0,
    async apply(batch, inputs) {
      for (const set of inputs.flat()) batch.wakeups.heardClaimable.add(set);
      return inputs.map(() => undefined);
    },
  };

  const learnLabelSets = async (): Promise<void> => {
    try {
      await labelSets.loadNew(store.read);
      serve(await labelSets.lookForClaimable(store.read));
    } catch (error) {
      log.warn({ err: error }, 'could not read new label sets; retrying in 1 s');
    }
  };

  const messages = new PeerMessages(shared, topics, environment.now, due.notifiesDue, {
    due: due.onDue,
    claimable: serve,
    labelSetsChanged: () => void learnLabelSets(),
    schedulesChanged: due.onSchedules,
    pausesChanged: due.onPauses,
    drainsChanged: due.onDrains,
  });
  labelSets.onNew((connection) => messages.notifyLabelSets(connection));
  labelSets.onUnknown(() => void learnLabelSets());
  context.schedulesChanged.listen(() => messages.notifySchedules());
  context.pauses.onChange((connection) => messages.notifyPauses(connection));
  context.drains.onChange((connection) => messages.notifyDrains(connection));
  // The database may be another machine's copy, in which the numbers of unacknowledged rows went to others.
  shared.onBack(() => {
    context.runs.forgetAll();
    context.specs.forgetAll();
    void learnLabelSets();
    due.onPauses();
    due.onDrains();
  });

  const pollClaimable = new PollClaimable(context, messages, () => parking.size > 0, serve);
  return {
    messages,
    pollClaimable,
    serve,
    lookSoon: () => pollClaimable.lookSoon(),
  };
}
