/** Every page of the manual: its source, and its file in the manual. */
export function pagePaths(): ReadonlyMap<string, string>;
