import { runningTime } from '../conformance/driver/running-time.js';
import { scaled } from '../conformance/driver/time-factor.js';

/** How long a condition may take on the reference machine, under load, before the test gives up. */
export const patienceMs = 30_000;

const lookEveryMs = 25;

/**
 * Polls `look` until it returns a value, and returns that. `false`, null and undefined mean "not yet"; an exception
 * ends the wait. The bound applies to the reference machine: it is longer on a slower one, and time in which the
 * machine stalls does not count.
 *
 * @throws an error that names the awaited condition, and the last value of `look` if `describe` is given
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
      throw new Error(`timed out after ${boundMs / 1000} s: ${what}${describe() === '' ? '' : `\n${describe()}`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** Like `until`, named after what it looks at. */
export function soon<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  return until(String(look), look);
}
