import { limits } from '../limits.js';
import type { QueueRule } from './run-group.js';

/**
 * Number of waiting runs that a gate admits: from the first on, each while fewer places are in use than its own `max`
 * allows. The first one that is not admitted blocks those behind it, so that no run overtakes it.
 */
export function admittedOf(inUse: number, waiting: readonly { readonly max: number }[]): number {
  const blocked = waiting.findIndex(({ max }, at) => inUse + at >= max);
  return blocked === -1 ? waiting.length : blocked;
}

export type GateAnswer = 'admitted' | 'held' | 'group_full' | 'group_queue_full';

/**
 * The answer to a run that requests a place.
 *
 * @param waiting number of waiting runs
 */
export function answerAsker(
  { max, queue }: { readonly max: number; readonly queue: QueueRule },
  inUse: number,
  waiting: number,
): GateAnswer {
  if (waiting === 0 && inUse < max) return 'admitted';
  if (queue === 'none') return 'group_full';
  return waiting >= waitingMax(queue) ? 'group_queue_full' : 'held';
}

/** Runs that may wait before a further one is refused. */
export function waitingMax(queue: QueueRule): number {
  return typeof queue === 'number' ? queue : limits.groupWaitingRuns;
}
