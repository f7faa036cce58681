/** The prefix of a need's variables: `NEEDS_BUILD_1` for `build-1`. Workers derive the same names. */
export function needVariable(jobKey: string): string {
  return `NEEDS_${jobKey.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
