/** Bounds of a page. */
export const variableLimits = {
  /** Characters of all values on a page, apart from its first one. */
  pageChars: 1024 * 1024,
} as const;
