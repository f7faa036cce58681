/** Lines of a log, both from 1 and both included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `#L120` or `#L120-L140`; null for anything else. */
export function readLineRange(hash: string): LineRange | null {
  const found = /^#?L([1-9]\d{0,8})(?:-L([1-9]\d{0,8}))?$/.exec(hash);
  if (found === null) return null;
  const from = Number(found[1]);
  const to = Number(found[2] ?? found[1]);
  return { first: Math.min(from, to), last: Math.max(from, to) };
}

export function writeLineRange({ first, last }: LineRange): string {
  return first === last ? `L${first}` : `L${first}-L${last}`;
}
