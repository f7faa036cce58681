/** A mistake, a file with it, and what the program says. */
export type MalformedFile = readonly [what: string, text: string, problems: readonly string[]];
