export const places: readonly (readonly [string, RegExp])[];
export function problemsOf(root: string, version: string): string[];
export function otherVersions(root: string, version: string): string[];
