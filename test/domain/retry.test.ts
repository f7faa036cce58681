import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backoff, noRetries, retryDelayMs } from '../../src/domain/retry.js';

const delay = (backoff: Backoff, retry: number, random = 0.5): number =>
  retryDelayMs({ maxRetries: 9, backoff }, retry, random);
const exponential = (baseSecs: number, maxSecs: number, jitter = false): Backoff => ({
  kind: 'exponential',
  baseSecs,
  maxSecs,
  jitter,
});

describe('the wait before a retry', () => {
  const table: readonly (readonly [Backoff, retry: number, ms: number])[] = [
    [noRetries.backoff, 0, 0],
    [noRetries.backoff, 1e6, 0],
    [{ kind: 'fixed', delaySecs: 5 }, 0, 5_000],
    [{ kind: 'fixed', delaySecs: 5 }, 7, 5_000],
    [exponential(2, 60), 0, 2_000],
    [exponential(2, 60), 1, 4_000],
    [exponential(2, 60), 4, 32_000],
    [exponential(2, 60), 5, 60_000],
    [exponential(2, 60), 1e6, 60_000],
    [exponential(0, 60), 1e6, 0],
    [exponential(0, 60), 0, 0],
    [exponential(1, 2_592_000), 1e6, 2_592_000_000],
  ];
  for (const [backoff, retry, ms] of table) {
    it(`${JSON.stringify(backoff)} before retry ${retry} is ${ms} ms`, () => {
      expect(delay(backoff, retry)).toBe(ms);
    });
  }

  it('with jitter is in the upper half of the one without, and covers it', () => {
    expect(delay(exponential(2, 60, true), 1, 0)).toBe(2_000);
    expect(delay(exponential(2, 60, true), 1, 0.5)).toBe(3_000);
    expect(delay(exponential(2, 60, true), 1, 0.999_999)).toBe(4_000);
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.nat(100_000),
        fc.nat(2_000_000),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (base, max, retry, random) => {
          const whole = delay(exponential(base, max), retry);
          const jittered = delay(exponential(base, max, true), retry, random);
          expect(jittered).toBeGreaterThanOrEqual(whole / 2);
          expect(jittered).toBeLessThanOrEqual(whole);
          expect(Number.isInteger(jittered)).toBe(true);
        },
      ),
    );
  });
});
