const mib = 1024 * 1024;

/**
 * Bounds of the answers to readers. A size in bytes is that of the JSON text in the database, about the size on the
 * wire.
 */
export const viewLimits = {
  /** Error texts and outputs in the view of one workflow; a job beyond them is shown truncated. */
  resultBytes: 16 * mib,
  /** The error text of a truncated job. */
  truncatedErrorChars: 200,
  /** A page of workflows: definitions, inputs, error texts and outputs. A page has at least one workflow. */
  workflowPageBytes: 16 * mib,
  /** One message of the snapshot of every run; it has at least one run. */
  snapshotPartBytes: mib,
  /** A page of workers; it has at least one. */
  workerPageBytes: 4 * mib,
  /** A page of audit entries; it has at least one. */
  auditPageBytes: 4 * mib,
  /** An attempt's error text in a list of attempts, and a value of a condition in `why`. */
  quotedChars: 1_000,
} as const;
