/** Bounds of the caches. */
export const memoryLimits = {
  /** At most about 100 MB of specifications, by the length of their JSON. */
  jobSpecChars: 50_000_000,
  /** Characters of inputs that are cached: each run has up to a megabyte. */
  runInputChars: 50_000_000,
} as const;
