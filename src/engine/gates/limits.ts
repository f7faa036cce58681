/** Bounds of what one statement or view reads of a gate. */
export const gateLimits = {
  /** Held jobs that one statement reads. */
  heldJobsPerQuery: 500,
  /** Waiting runs that one statement reads. */
  waitingRunsPerQuery: 100,
  /** Jobs waiting before another one that are counted. */
  jobsBefore: 1_000,
} as const;
