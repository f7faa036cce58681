/** Longer words are not compared: nobody misspells those by two letters. */
const wordCharsMax = 100;
const candidatesMax = 1_000;

/**
 * The candidate that the word is most likely a misspelling of: at most two letters inserted, left out, changed or
 * swapped, at most one in words of up to four letters. Null when there is none, or when there are very many candidates.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > wordCharsMax) return null;
  let best: string | null = null;
  let bestDistance = word.length <= 4 ? 2 : 3;
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > candidatesMax) return best;
    if (candidate === word || Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, changes and swaps of neighbours that make one word of the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
