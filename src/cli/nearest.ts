import { distance } from 'fastest-levenshtein';

/** Longer names are not compared. */
const charsMax = 100;

/**
 * The name that a user most likely meant: the nearest one that is at most two edits away (one for short names), or else
 * the only one that starts with what was typed. Null when there is none.
 */
export function nearest(typed: string, names: Iterable<string>): string | null {
  if (typed === '' || typed.length > charsMax) return null;
  const wanted = typed.toLowerCase();
  let best: string | null = null;
  let bestDistance = wanted.length <= 4 ? 2 : 3;
  const longer: string[] = [];
  for (const name of names) {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) longer.push(name);
    if (Math.abs(lower.length - wanted.length) >= bestDistance) continue;
    const edits = distance(wanted, lower);
    if (edits >= bestDistance) continue;
    best = name;
    bestDistance = edits;
  }
  return best ?? (longer.length === 1 ? (longer[0] ?? null) : null);
}
