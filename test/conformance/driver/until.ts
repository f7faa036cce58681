import { runningTime } from './running-time.js';
import { scaled } from './time-factor.js';

const lookEveryMs = 20;

/** How long a condition may take after the last sign of progress, on the reference machine under load. */
export const patienceMs = 60_000;

export interface UntilOptions {
  /** On the reference machine; the wait is longer on a slower one. */
  readonly withinMs?: number;
  /** The last observation, for the error. While it changes there is progress, and the bound starts anew. */
  readonly seen?: () => string;
}

/**
 * Polls `look` until it returns a value, and returns that. Throws an error with the awaited condition and the last
 * observation if nothing changes within the bound.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = patienceMs, seen = () => '' }: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const boundMs = scaled(withinMs);
  let last = '';
  let deadline = runningTime() + boundMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) {
      return found as Exclude<T, false | null | undefined>;
    }
    const current = seen();
    if (current !== last) {
      last = current;
      deadline = runningTime() + boundMs;
    }
    if (runningTime() > deadline) {
      throw new Error(
        `timed out after ${boundMs / 1000} s without progress: ${what}${last === '' ? '' : `; seen: ${last}`}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
