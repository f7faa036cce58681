/** A page with its links rewritten for the manual. */
export function stagedText(source: string, text: string, paths: ReadonlyMap<string, string>): string;
