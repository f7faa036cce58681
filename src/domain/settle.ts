import type { JobState } from './states.js';

/**
 * Whether a job has an `if`, and whether that can hold after a cancel. `computed`: it has none, but something else that
 * is decided when its needs have ended: expressions, or a group.
 */
export const conditionKind = { none: 0, plain: 1, survivesCancel: 2, computed: -1 } as const;

/** Whether a job of this kind has an `if`. */
export function hasCondition(kind: number): boolean {
  return kind === conditionKind.plain || kind === conditionKind.survivesCancel;
}

/** The state that a job gets when the last of its needs has ended. */
export type Settlement = Extract<JobState, 'queued' | 'skipped' | 'cancelled'>;

/**
 * Decides for a job without an `if`: it runs when every need succeeded.
 *
 * @param badNeeds number of its needs that ended without success
 */
export function settleByDefault(badNeeds: number): Settlement {
  return badNeeds === 0 ? 'queued' : 'skipped';
}

/**
 * Decides for a job with an `if`, given its value.
 *
 * @param isForced whether the run's cancel ends clean-up jobs too
 */
export function settleByCondition(holds: boolean, runCancelled: boolean, isForced: boolean, kind: number): Settlement {
  if (isForced || (runCancelled && kind !== conditionKind.survivesCancel)) return 'cancelled';
  return holds ? 'queued' : 'skipped';
}

/**
 * The next state of a job whose attempt failed, timed out, or lost its lease.
 *
 * @param attempt its number, from the first of the job's generation
 */
export function afterFailure(
  attempt: number,
  maxRetries: number,
  retryable: boolean,
  delayMs: number,
): Extract<JobState, 'queued' | 'delayed' | 'failure'> {
  if (!retryable || attempt >= maxRetries) return 'failure';
  return delayMs > 0 ? 'delayed' : 'queued';
}
