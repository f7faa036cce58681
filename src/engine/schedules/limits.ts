/** Bounds of one transaction. */
export const scheduleLimits = {
  /** Jobs of all runs of one transaction, apart from its first run. */
  jobsPerTransaction: 4_000,
} as const;
