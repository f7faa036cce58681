import { expect, it } from 'vitest';
import { jobStatistics, quantile } from '../../src/domain/job-statistics.js';
import type { JobState } from '../../src/domain/states.js';

const entry = (state: JobState, durationMs = 0, attempt = 0) => ({ state, durationMs, attempt });

it("a job's statistics cover the runs in which it succeeded or failed", () => {
  const entries = [
    entry('success', 100),
    entry('success', 300, 1),
    entry('success', 200),
    entry('failure', 9_000, 2),
    entry('skipped'),
    entry('running', 5),
    entry('cancelled', 7),
    null,
  ];
  expect(jobStatistics(entries)).toEqual({ ended: 4, failed: 1, flaky: 1, medianMs: 200, p95Ms: 300 });
});

it('a job that never ended has no statistics', () => {
  expect(jobStatistics([null, entry('skipped')])).toEqual({
    ended: 0,
    failed: 0,
    flaky: 0,
    medianMs: null,
    p95Ms: null,
  });
});

it.each([
  [[], 0.5, null],
  [[7], 0.95, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.95, 4],
])('of %j the share %d is within %j', (values, share, expected) => expect(quantile(values, share)).toBe(expected));
