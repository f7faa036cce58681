import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { RunSchema } from '../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../gen/workflowgraph/v1/types_pb.js';
import { eligibleFor } from '../src/bulk/eligible.js';

const run = (runId: string, state: RunState, failure = 0) => create(RunSchema, { runId, state, details: { failure } });

const runs = [
  run('running', RunState.RUNNING, 1),
  run('queued', RunState.QUEUED),
  run('failed', RunState.FAILURE, 2),
  run('well', RunState.SUCCESS),
  run('well too', RunState.SUCCESS),
];

it('only runs that have not ended are cancelled, and the others are counted with the reason', () => {
  const { eligible, others } = eligibleFor('cancel', runs);
  expect(eligible.map(({ runId }) => runId)).toEqual(['running', 'queued']);
  expect(others).toEqual([{ why: 'has ended', count: 3 }]);
});

it('what failed is re-run only in runs that have ended and have something that failed', () => {
  const { eligible, others } = eligibleFor('rerun-failed', runs);
  expect(eligible.map(({ runId }) => runId)).toEqual(['failed']);
  expect(others).toEqual([
    { why: 'has not ended', count: 2 },
    { why: 'has no failed or cancelled job', count: 2 },
  ]);
});
