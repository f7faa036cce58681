import { runningTime } from '../conformance/driver/running-time.js';
import { scaled } from '../conformance/driver/time-factor.js';

/** How long a condition may take on the reference machine, beside others, before the test gives up. */
export const patienceMs = 30_000;

const lookEveryMs = 25;

/**
 * Waits until `look` gives something, and returns that. `false`, null and undefined mean "not yet"; what it throws ends
 * the wait. The bound is meant for the reference machine: on a slower one it is longer, and while the machine stalls it is
 * not used up.
 *
 * @throws an error that says what was waited for, and what `look` gave last when it explains itself by `describe`
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = patienceMs, describe = () => '' }: { withinMs?: number; describe?: () => string } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const boundMs = scaled(withinMs);
  const deadline = runningTime() + boundMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) {
      return found as Exclude<T, false | null | undefined>;
    }
    if (runningTime() > deadline) {
      throw new Error(`waited ${boundMs / 1000} s in vain: ${what}${describe() === '' ? '' : `\n${describe()}`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** The same, named by what it looks at. */
export function soon<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  return until(String(look), look);
}
