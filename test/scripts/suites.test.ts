import { expect, it } from 'vitest';
import { inLanes, type Suite } from '../../scripts/suites/lanes.js';
import { describeFactor } from '../../scripts/suites/machine.js';
import { shortLease, sized } from '../support/machine.js';

const turns = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count));

/** Runs suites that end in the order of their times, and says what began and ended. */
async function history(suites: readonly (Suite & { takes: number })[], lanes: number): Promise<string[]> {
  const seen: string[] = [];
  await inLanes(suites, lanes, async ({ name, takes }) => {
    seen.push(`+${name}`);
    await turns(takes);
    seen.push(`-${name}`);
  });
  return seen;
}

it('suites run in so many lanes, those of a group one at a time, and those that need others after them', async () => {
  const suites = [
    { name: 'build', takes: 5 },
    { name: 'first', group: 'g', takes: 60 },
    { name: 'second', group: 'g', after: ['build'], takes: 5 },
    { name: 'third', after: ['second', 'absent'], takes: 5 },
  ];
  const seen = await history(suites, 3);
  expect(seen.slice(0, 2)).toEqual(['+build', '+first']);
  expect(seen.indexOf('+second')).toBeGreaterThan(seen.indexOf('-first'));
  expect(seen.indexOf('+third')).toBeGreaterThan(seen.indexOf('-second'));
  expect(seen).toHaveLength(8);
});

it('more of the same is fewer on a slow machine, and never fewer than meet every kind', () => {
  const size = { of: 'rounds', full: 100, floor: 30 };
  expect([1, 2, 5, 30].map((factor) => sized(size, factor))).toEqual([100, 50, 30, 30]);
  expect(sized({ ...size, asked: '7' }, 30)).toBe(7);
});

it('a lease that must be kept grows with the machine, up to five times', () => {
  expect([1, 5, 10, 1_000].map((factor) => shortLease(2, factor))).toEqual([2, 2, 4, 10]);
});

it('the factor is said with where it comes from', () => {
  expect(describeFactor({ factor: 3.5, isMeasured: true })).toContain('machine factor 3.5 (measured');
  expect(describeFactor({ factor: 3.5, isMeasured: false })).toContain('from TEST_TIME_FACTOR');
});
