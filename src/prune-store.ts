import { setTimeout as sleep } from 'node:timers/promises';
import { type PruneBefore, pruneStep, restAfter } from './engine/runs/prune.js';
import { countPrunable } from './store/statements/prune.js';
import type { Store } from './store/store.js';

export type { PruneBefore } from './engine/runs/prune.js';

/** The number of deleted runs, and of remaining runs whose logs were deleted. */
export interface PruneCounts {
  readonly runs: number;
  readonly logs: number;
}

/** What pruning would delete now. */
export async function countToPrune(store: Store, { runsMs, logsMs }: PruneBefore): Promise<PruneCounts> {
  const [counts] = await countPrunable.run(store.longRead, { runsBeforeMs: runsMs, logsBeforeMs: logsMs });
  return counts ?? { runs: 0, logs: 0 };
}

/**
 * Deletes what ended before a time, with the small steps and pauses of a server's own pruning, so that servers on the
 * same database do not notice.
 *
 * @param onStep called after each step with the counts so far; it stops the work by returning false
 *
 * @returns the counts
 */
export async function pruneStore(
  store: Store,
  before: PruneBefore,
  onStep: (gone: PruneCounts) => boolean,
): Promise<PruneCounts> {
  let gone: PruneCounts = { runs: 0, logs: 0 };
  for (;;) {
    const startedAt = performance.now();
    const { runs, logs, more } = await store.transact((connection) => pruneStep(connection, before));
    gone = { runs: gone.runs + runs, logs: gone.logs + logs };
    if (!onStep(gone) || !more) return gone;
    await sleep(restAfter(performance.now() - startedAt));
  }
}
