/** Bounds of one transaction or step, and of what answers and events name. */
export const runLimits = {
  /** Cut jobs whose dependents one transaction settles. */
  settledPerTransaction: 500,
  /** Children that one transaction creates, decides or cancels. */
  childrenPerTransaction: 2_000,
  /** Nodes that one transaction reads. */
  nodesPerTransaction: 100,
  /** Candidates that the error about an ambiguous prefix names. */
  namedCandidates: 5,
  /** Gates that one query reads. */
  gatesPerQuery: 100,
  /** Runs that one step cancels. */
  cancelledPerStep: 1_000,
  /** Jobs that one transaction creates; larger runs take several. */
  jobsPerTransaction: 2_000,
  /** Audit entries that one step deletes. */
  prunedAuditEntries: 500,
  /** Rows of one kind that one step deletes. */
  prunedRows: 500,
  /** Log chunks that one step deletes. */
  prunedLogChunks: 100,
  /** Removed workflows that one step deletes. */
  prunedWorkflows: 5,
  /** Idle gates that one step deletes. */
  prunedGates: 100,
  /** Chosen jobs that the event of a re-run names. */
  namedInEvent: 100,
  /** Jobs of each kind that an answer names. */
  namedInAnswer: 1_000,
  /** Jobs that a request may name. */
  rerunJobsNamed: 1_000,
  /**
   * Jobs that one transaction ends in a cascade. If the first job of a chain of 100,000 fails, many transactions skip the
   * rest, so that no call waits for all of them. The store marks the unfinished part, and the next transaction continues
   * there.
   */
  cascadeJobs: 2_000,
  /** How many runs one transaction times out. */
  timedOutPerTransaction: 100,
  /** Jobs that one transaction resets. */
  rerunJobsPerTransaction: 2_000,
} as const;
