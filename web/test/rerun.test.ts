import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  GetRunGraphResponseSchema,
  JobPhase,
  ListRunJobsResponseSchema,
} from '../gen/workflowgraph/v1/run_service_pb.js';
import { EventSchema } from '../gen/workflowgraph/v1/runs_pb.js';
import { byReason, choicesOfJob, choicesOfRun, wishOf } from '../src/rerun/choice.js';
import { lookOfRun } from '../src/run/run-head.js';
import { RunStore } from '../src/run/run-store.js';

describe('a re-run', () => {
  const jobs = [
    { id: 'build', needs: [] },
    { id: 'lint', needs: [] },
    { id: 'test', needs: [0] },
  ];

  it('offers what failed, and everything once all has ended', () => {
    expect(choicesOfRun(jobs, { failed: 2, isOver: false })).toEqual([{ kind: 'failed' }]);
    const choices = choicesOfRun(jobs, { failed: 0, isOver: true });
    expect(choices.map(wishOf)).toEqual([{ failed: false, jobs: ['build', 'lint'], dependants: true }]);
    expect(choicesOfRun(jobs, { failed: 0, isOver: false })).toEqual([]);
  });

  it('offers a job with what needs it, or alone', () => {
    expect(choicesOfJob('test').map(wishOf)).toEqual([
      { failed: false, jobs: ['test'], dependants: true },
      { failed: false, jobs: ['test'], dependants: false },
    ]);
  });

  it('is shown by reasons, the most frequent first', () => {
    const answer = ['a', 'b', 'c'].map((jobId) => ({ jobId, reason: jobId === 'a' ? 'failed' : 'follows' }));
    expect(byReason(answer)).toEqual([
      { reason: 'follows', jobs: ['b', 'c'] },
      { reason: 'failed', jobs: ['a'] },
    ]);
  });

  it('opens a run that had ended: its jobs wait again, and it is over when its last event says so', () => {
    const graph = create(GetRunGraphResponseSchema, { keys: ['a'], names: ['a'], needsOffsets: [0, 0] });
    const page = create(ListRunJobsResponseSchema, {
      runId: 'r1',
      lastEvent: 5n,
      ordinals: [0],
      phases: [JobPhase.FAILURE],
      attempts: [0],
    });
    const store = new RunStore(graph, [page]);
    let n = 5;
    const apply = (type: string, jobId = '') => {
      const event = create(EventSchema, { number: BigInt(++n), runId: 'r1', type, jobId, atMs: 9n });
      store.apply([event], (act) => {
        act();
        return 0;
      });
    };
    apply('run.rerun');
    apply('job.waiting', 'a');
    expect(store.snapshot()).toMatchObject({ reruns: 1, counts: { blocked: 1, failure: 0 } });
    apply('job.queued', 'a');
    expect(lookOfRun(store.snapshot(), undefined)).toBe('waiting');
    apply('job.running', 'a');
    expect(lookOfRun(store.snapshot(), undefined)).toBe('running');
    apply('job.success', 'a');
    apply('run.success');
    expect(lookOfRun(store.snapshot(), undefined)).toBe('success');
  });
});
