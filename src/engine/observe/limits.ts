/** Bounds of the export of spans. */
export const observeLimits = {
  /** Ends that may wait to be read. Later ones are lost: traces must not use up the memory. */
  waitingSpans: 20_000,
  /** Ends that one query reads. */
  spansPerQuery: 500,
} as const;
