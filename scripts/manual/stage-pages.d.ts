/** A page with the links that it has in the manual. */
export function stagedText(source: string, text: string, paths: ReadonlyMap<string, string>): string;
