import type { JobState } from './states.js';

/** Whether a job has an `if`, and whether that can hold after a cancel. */
export const conditionKind = { none: 0, plain: 1, survivesCancel: 2 } as const;

/** What becomes of a job when the last of its needs has ended. */
export type Settlement = Extract<JobState, 'queued' | 'skipped' | 'cancelled'>;

/**
 * Decides for a job without an `if`: it runs when every need succeeded.
 *
 * @param badNeeds how many of its needs ended without success
 */
export function settleByDefault(badNeeds: number): Settlement {
  return badNeeds === 0 ? 'queued' : 'skipped';
}

/** Decides for a job with an `if`, given what it came to. */
export function settleByCondition(holds: boolean, runCancelled: boolean, kind: number): Settlement {
  if (runCancelled && kind !== conditionKind.survivesCancel) return 'cancelled';
  return holds ? 'queued' : 'skipped';
}

/** What becomes of a job when its attempt has failed, its lease expired, or its time ran out. */
export function afterFailure(
  attempt: number,
  maxRetries: number,
  retryable: boolean,
  delayMs: number,
): Extract<JobState, 'queued' | 'delayed' | 'failure'> {
  if (!retryable || attempt >= maxRetries) return 'failure';
  return delayMs > 0 ? 'delayed' : 'queued';
}
