import type { SharedDatabase } from '../store/store.js';
import type { Claim } from './claim.js';
import type { EngineContext } from './context.js';
import { LookAround } from './loops/look-around.js';
import { OtherServers } from './other-servers.js';
import type { Parking } from './parking.js';
import type { Operation } from './writer.js';

/** How soon to look again when another server was taking the jobs that were wanted, in milliseconds. */
const lookSoonMs = 10;

/** This server among the others on its database. */
export interface Sharing {
  readonly others: OtherServers;
  readonly lookAround: LookAround;
  /** Gives the claims that wait here the jobs of these label sets. */
  serve(sets: readonly number[]): void;
  /** Looks for claimable jobs again in a moment. */
  lookSoon(): void;
}

/** Who ends what falls due. */
export interface DueElsewhere {
  /** Whether this server leaves it to others, and so tells them of it. */
  readonly tellsOfDue: boolean;
  /** Something that another server wrote falls due. */
  onDue(atMs: number): void;
}

/** Joins the servers on a shared database: hears what they tell, and serves the claims that wait here. */
export function joinOthers(
  context: EngineContext,
  shared: SharedDatabase,
  parking: Parking<Claim>,
  due: DueElsewhere,
): Sharing {
  const { labelSets, topics, store, writer, environment, log } = context;
  const heard = new Set<number>();
  let isServing = false;
  let isSoon = false;

  /** Gives the claims that wait here what others made claimable. */
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
      .catch((error: unknown) => log.warn({ err: error }, 'serving waiting claims failed; trying again in a second'))
      .finally(() => {
        isServing = false;
        if (heard.size > 0) serve([]);
      });
  }

  const serveHeard: Operation<readonly number[], void> = {
    name: 'serve-heard',
    rank: 85,
    keyOf: () => 0,
    async apply(batch, inputs) {
      for (const set of inputs.flat()) batch.heardClaimable.add(set);
      return inputs.map(() => undefined);
    },
  };

  const learnLabelSets = async (): Promise<void> => {
    try {
      await labelSets.loadNew(store.read);
      serve(await labelSets.lookForClaimable(store.read));
    } catch (error) {
      log.warn({ err: error }, 'learning of label sets failed; trying again in a second');
    }
  };

  const others = new OtherServers(shared, topics, environment.now, due.tellsOfDue, {
    due: due.onDue,
    claimable: serve,
    labelSetsChanged: () => void learnLabelSets(),
  });
  labelSets.onUnknown(() => void learnLabelSets());
  // It may be another machine's copy, in which numbers that were never acknowledged went to something else.
  shared.onBack(() => {
    context.runs.forgetAll();
    context.specs.forgetAll();
    void learnLabelSets();
  });

  const lookAround = new LookAround(context, others, () => parking.size > 0, serve);
  return {
    others,
    lookAround,
    serve,
    lookSoon() {
      if (isSoon || parking.size === 0) return;
      isSoon = true;
      environment.after(lookSoonMs, () => {
        isSoon = false;
        void lookAround.runOnce();
      });
    },
  };
}
