import { setTimeout as sleep } from 'node:timers/promises';
import { type PruneBefore, pruneStep, restAfter } from './engine/prune.js';
import { countPrunable } from './store/statements/prune.js';
import type { Store } from './store/store.js';

export type { PruneBefore } from './engine/prune.js';

/** How many runs are taken away with all that belongs to them, and of how many that stay the logs are. */
export interface PruneCounts {
  readonly runs: number;
  readonly logs: number;
}

/** How much pruning would take away now. */
export async function countToPrune(store: Store, { runsMs, logsMs }: PruneBefore): Promise<PruneCounts> {
  const [counts] = await countPrunable.run(store.longRead, { runsBeforeMs: runsMs, logsBeforeMs: logsMs });
  return counts ?? { runs: 0, logs: 0 };
}

/**
 * Takes away what ended before a time, in the small steps and with the rests of a server's own pruning, so that servers
 * on the same database do not notice.
 *
 * @param onStep told after each step of what is gone so far; it ends the work by returning false
 * @returns what is gone
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
