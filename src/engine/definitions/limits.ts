/** Bounds of the check and the storing of definitions. */
export const definitionLimits = {
  /** Texts up to this size are parsed on the event loop, in at most a few milliseconds. */
  inlineBytes: 32 * 1024,
  /** Pieces of rows that one transaction takes: few enough that claims do not wait for it. */
  piecesPerTransaction: 2,
  /** Jobs of one piece of rows. */
  jobsPerPiece: 1_000,
  /** Edges of one piece of rows. */
  edgesPerPiece: 5_000,
  /** Definitions that are checked at once, each in a thread of its own. */
  threads: 2,
  /** Definitions that may wait. Beyond this the server reports that it is overloaded. */
  waitingChecks: 32,
  /** Workflows that the log line about removed ones names; its field has all of them. */
  namedInLog: 10,
} as const;
