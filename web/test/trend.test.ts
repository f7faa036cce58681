import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { RunSchema } from '../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../gen/workflowgraph/v1/types_pb.js';
import { quantile, trendOf } from '../src/workflows/trend-bars.js';

const run = (runId: string, state: RunState, seconds: number | null) =>
  create(RunSchema, {
    runId,
    state,
    createdAtMs: 0n,
    startedAtMs: 1_000n,
    ...(seconds === null ? {} : { endedAtMs: BigInt(1_000 + seconds * 1_000) }),
  });

it('a trend is of the runs that have ended, the oldest first, and its figures of those that succeeded', () => {
  const trend = trendOf([
    run('5', RunState.RUNNING, null),
    run('4', RunState.SUCCESS, 4),
    run('3', RunState.FAILURE, 90),
    run('2', RunState.SUCCESS, 2),
    run('1', RunState.SUCCESS, 10),
  ]);
  expect(trend.bars.map(({ runId, look }) => `${runId} ${look}`)).toEqual([
    '1 success',
    '2 success',
    '3 failure',
    '4 success',
  ]);
  expect(trend).toMatchObject({ longestMs: 90_000, medianMs: 4_000, p95Ms: 10_000, succeeded: 3 });
  expect(trendOf([])).toMatchObject({ bars: [], longestMs: 0, medianMs: null, p95Ms: null });
});

it.each([
  [[], 0.5, null],
  [[7], 0.5, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.95, 4],
])('of %j the share %d is within %j', (values, share, expected) => expect(quantile(values, share)).toBe(expected));
