/** Longer words are not compared: nobody misspells them by two letters. */
const wordCharsMax = 100;
const candidatesMax = 1_000;

/** Pairs of letters that the hints of one definition may compare: a few milliseconds. */
const letterPairsMax = 200_000;

/** The remaining budget for hints of one definition. Beyond it problems are reported without a hint. */
export class HintBudget {
  letterPairs: number;

  constructor(letterPairs = letterPairsMax) {
    this.letterPairs = letterPairs;
  }
}

/**
 * The candidate that the word most likely misspells: at most two letters inserted, left out, changed or swapped, at
 * most one in words of up to four letters. Null when there is none, or when the budget is used up; of very many
 * candidates only the first are compared.
 */
export function nearest(word: string, candidates: Iterable<string>, budget = new HintBudget()): string | null {
  if (word.length > wordCharsMax || budget.letterPairs <= 0) return null;
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = word.length <= 4 ? 2 : 3;
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > candidatesMax || budget.letterPairs <= 0) return best;
    budget.letterPairs -= 1;
    if (candidate === word || Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance - 1, budget);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Insertions, deletions, changes and swaps of neighbours that turn one word into the other, up to `max`; more than
 * `max` if it takes more. Only the band of pairs at most `max` places apart is computed, and nothing after a row in
 * which every pair costs more.
 */
function editDistance(a: string, b: string, max: number, budget: HintBudget): number {
  const beyond = max + 1;
  if (Math.abs(a.length - b.length) > max) return beyond;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 2 }, (_, column) => Math.min(column, beyond));
  for (let row = 1; row <= a.length; row++) {
    const current: number[] = [];
    const from = Math.max(1, row - max);
    const to = Math.min(b.length, row + max);
    current[from - 1] = from === 1 ? Math.min(row, beyond) : beyond;
    let least = current[from - 1] ?? beyond;
    budget.letterPairs -= to - from + 1;
    for (let column = from; column <= to; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? beyond) + 1,
        (current[column - 1] ?? beyond) + 1,
        (last[column - 1] ?? beyond) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? beyond) + 1);
      }
      current[column] = Math.min(cost, beyond);
      least = Math.min(least, cost);
    }
    if (least > max) return beyond;
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? beyond;
}
