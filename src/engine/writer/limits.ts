/** Bounds of the queue and of a batch. */
export const writerLimits = {
  /** Inputs that one transaction takes. */
  batchInputs: 512,
  /** Inputs that may wait. Beyond this the server answers that it is overloaded instead of growing. */
  queuedInputs: 50_000,
  /** Jobs of a run that statistics count: the first of its version. */
  countedJobs: 500,
} as const;
