/** The content codings that a request accepts, by its header `Accept-Encoding`, without those with `q=0`. */
export function acceptedEncodings(header: string | string[] | undefined): ReadonlySet<string> {
  return new Set(
    String(header ?? '')
      .toLowerCase()
      .split(',')
      .map((one) => one.trim())
      .filter((one) => !/;\s*q=0(?:\.0*)?$/.test(one))
      .map((one) => one.split(';', 1)[0]?.trim() ?? ''),
  );
}

/** Adds names to the header `Vary`. */
export function varyBy(before: unknown, ...names: readonly string[]): string {
  return [before, ...names].filter(Boolean).join(', ');
}
