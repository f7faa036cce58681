/** Bounds of what is kept of a report, and of one transaction. */
export const leaseLimits = {
  /** Characters of an error text that are kept: mostly its beginning and its end. */
  errorHeadChars: 4 * 1024,
  errorTailChars: 60 * 1024,
  /** Chunks of the log that one query reads while it looks for outputs. */
  outputChunksPerQuery: 500,
  outputBytesPerQuery: 1024 * 1024,
  /** Overdue attempts and retries that one transaction handles. */
  overduePerTransaction: 500,
  /** Chunks that one query reads while it trims a log. */
  trimmedChunksPerQuery: 512,
  trimmedBytesPerQuery: 1024 * 1024,
} as const;
