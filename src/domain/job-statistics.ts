import type { JobState } from './states.js';

/** A job in one run. */
export interface JobInRun {
  readonly state: JobState;
  /** How long its last attempt ran; 0 when none did. */
  readonly durationMs: number;
  /** The number of its last attempt, from 0. */
  readonly attempt: number;
}

export interface JobStatistics {
  /** In how many runs it succeeded or failed. */
  readonly ended: number;
  readonly failed: number;
  /** In how many it succeeded only after another attempt. */
  readonly flaky: number;
  /** Of its successes; null when there is none. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

/** How a job did in some runs; null for a run that has no such job. */
export function jobStatistics(entries: readonly (JobInRun | null)[]): JobStatistics {
  const ended = entries.filter((entry) => entry?.state === 'success' || entry?.state === 'failure');
  const successes = entries.filter((entry) => entry?.state === 'success');
  const durations = successes.map((entry) => entry?.durationMs ?? 0).sort((a, b) => a - b);
  return {
    ended: ended.length,
    failed: ended.length - successes.length,
    flaky: successes.filter((entry) => (entry?.attempt ?? 0) > 0).length,
    medianMs: quantile(durations, 0.5),
    p95Ms: quantile(durations, 0.95),
  };
}

/** The smallest of the sorted values that a share of them does not exceed; null of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
