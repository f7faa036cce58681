import { runningTime } from './running-time.js';
import { scaled } from './time-factor.js';

const lookEveryMs = 20;

/** How long what must come may take on the reference machine, beside others, after the last sign of progress. */
export const patienceMs = 60_000;

export interface UntilOptions {
  /** On the reference machine; the wait is longer on a slower one. */
  readonly withinMs?: number;
  /** What was seen last, for the error. While it changes the awaited event is on its way, and the bound begins anew. */
  readonly seen?: () => string;
}

/**
 * Waits until `look` gives something, and returns that. Throws an error that says what was waited for and last seen when
 * nothing has changed for as long as the bound says.
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
        `waited ${boundMs / 1000} s without progress until ${what}${last === '' ? '' : `; seen: ${last}`}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
