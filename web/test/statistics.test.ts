import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import {
  GetStatisticsResponseSchema,
  JobStatisticsSchema,
  RunStatisticsSchema,
} from '../gen/workflowgraph/v1/statistics_pb.js';
import { bucketsOf, shareOf, unreliableJobs } from '../src/workflows/statistics.js';

it.each([
  [0, 0, '–'],
  [3, 0, '100 %'],
  [0, 3, '0 %'],
  [299, 1, '99 %'],
  [999, 1, '99 %'],
  [1, 999, '1 %'],
])('of %i runs that succeeded and %i that failed the share is %s', (succeeded, failed, text) =>
  expect(shareOf(create(RunStatisticsSchema, { succeeded, failed, cancelled: 7 }))).toBe(text),
);

it('buckets without runs are filled in until now', () => {
  const answer = create(GetStatisticsResponseSchema, {
    bucketMs: 10n,
    buckets: [
      { fromMs: 20n, runs: { succeeded: 2, failed: 1 } },
      { fromMs: 40n, runs: { cancelled: 1 } },
    ],
  });
  expect(bucketsOf(answer, 55).map(({ fromMs, all, failed }) => [fromMs, all, failed])).toEqual([
    [20, 3, 1],
    [30, 0, 0],
    [40, 1, 0],
    [50, 0, 0],
  ]);
  expect(bucketsOf(create(GetStatisticsResponseSchema, { bucketMs: 10n }), 55)).toEqual([]);
});

it('jobs are unreliable by the share of runs in which they failed or needed a retry', () => {
  const job = (jobId: string, ended: number, failed: number, flaky: number) =>
    create(JobStatisticsSchema, { jobId, ended, failed, flaky });
  const jobs = [job('good', 9, 0, 0), job('often', 10, 5, 0), job('always', 2, 1, 1), job('once', 100, 0, 1)];
  expect(unreliableJobs(jobs).map(({ jobId }) => jobId)).toEqual(['always', 'often', 'once']);
});
