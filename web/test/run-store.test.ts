import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  GetRunGraphResponseSchema,
  JobPhase,
  ListRunJobsResponseSchema,
} from '../gen/workflowgraph/v1/run_service_pb.js';
import { EventSchema, RunSchema } from '../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../gen/workflowgraph/v1/types_pb.js';
import { needingPeople } from '../src/overview/needing-people.js';
import { RunStore } from '../src/run/run-store.js';

const graph = create(GetRunGraphResponseSchema, {
  keys: ['build', 'test', 'train', 'report'],
  names: ['build', 'test', 'train', 'report'],
  needsOffsets: [0, 0, 1, 2, 4],
  needs: [0, 0, 1, 2],
  labelSets: [{ labels: [] }, { labels: ['gpu', 'linux'] }],
  labelSetIndexes: [0, 0, 1, 0],
});

const answer = create(ListRunJobsResponseSchema, {
  runId: 'r1',
  lastEvent: 10n,
  baseMs: 1_000n,
  ordinals: [0, 1, 2, 3],
  phases: [JobPhase.SUCCESS, JobPhase.RUNNING, JobPhase.WAITS_FOR_WORKER, JobPhase.WAITS_FOR_NEEDS],
  attempts: [0, 1, 0, 0],
  enqueuedMs: [1n, 40n, 41n, 0n],
  startedMs: [2n, 50n, 0n, 0n],
  endedMs: [30n, 0n, 0n, 0n],
  workerIndexes: [1, 2, 0, 0],
  workers: ['box-1', 'box-2'],
});

function storeOf(): RunStore {
  return new RunStore(graph, [answer]);
}

/** Frames come when the test lets them. */
function frames() {
  const waiting: (() => void)[] = [];
  return {
    next: (act: () => void) => waiting.push(act),
    run() {
      for (const act of waiting.splice(0)) act();
    },
    count: () => waiting.length,
  };
}

function event(number: number, type: string, jobId: string, extra: object = {}) {
  return create(EventSchema, { number: BigInt(number), type, runId: 'r1', jobId, atMs: 2_000n, ...extra });
}

describe('the jobs of a run', () => {
  it('are what the version and the answer say together', () => {
    const { jobs, counts } = storeOf().snapshot();
    expect(jobs[1]).toMatchObject({
      id: 'test',
      look: 'running',
      attempt: 1,
      needs: [0],
      enqueuedMs: 1_040,
      startedMs: 1_050,
      endedMs: null,
      worker: 'box-2',
    });
    expect(jobs[2]).toMatchObject({ labels: ['gpu', 'linux'], look: 'waiting', startedMs: null, worker: '' });
    expect(jobs[3]?.needs).toEqual([1, 2]);
    expect(counts).toMatchObject({ success: 1, running: 1, waiting: 1, blocked: 1 });
  });

  it('change with events, once a frame, and leave out those that the answer has', () => {
    const store = storeOf();
    const frame = frames();
    let reports = 0;
    store.subscribe(() => {
      reports += 1;
    });
    store.apply([event(9, 'job.failure', 'build'), event(10, 'job.failure', 'build')], frame.next);
    expect(frame.count()).toBe(0);
    store.apply([event(11, 'job.success', 'test', { attempt: 1 })], frame.next);
    store.apply([event(12, 'job.running', 'train', { attempt: 0, dataJson: '{"worker_id":"gpu-1"}' })], frame.next);
    expect(frame.count()).toBe(1);
    frame.run();
    expect(reports).toBe(1);
    const { jobs, counts } = store.snapshot();
    expect(jobs[0]?.look).toBe('success');
    expect(jobs[1]).toMatchObject({ look: 'success', endedMs: 2_000 });
    expect(jobs[2]).toMatchObject({ look: 'running', startedMs: 2_000, worker: 'gpu-1' });
    expect(counts).toMatchObject({ success: 2, running: 1, blocked: 1, waiting: 0 });
    expect(store.lastEvent).toBe(12n);
  });

  it('keep a row that nothing changed as the same object, so that it is not drawn again', () => {
    const store = storeOf();
    const frame = frames();
    const before = store.snapshot().jobs;
    store.apply([event(11, 'job.success', 'test')], frame.next);
    frame.run();
    const after = store.snapshot().jobs;
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it('know the end of the run, and not the request to cancel it as one', () => {
    const store = storeOf();
    const frame = frames();
    store.apply([event(11, 'run.cancel_requested', '')], frame.next);
    frame.run();
    expect(store.snapshot().runEvent).toBeNull();
    store.apply([event(12, 'run.cancelled', '')], frame.next);
    frame.run();
    expect(store.snapshot().runEvent).toEqual({ type: 'run.cancelled', atMs: 2_000 });
  });
});

it('a person is needed where a workflow failed last or nobody takes its jobs, and not where it recovered', () => {
  const run = (runId: string, workflow: string, state: RunState, noMatchingWorker = 0) =>
    create(RunSchema, { runId, workflow, state, createdAtMs: 100n, endedAtMs: 200n, details: { noMatchingWorker } });
  const runs = [
    run('9', 'recovered', RunState.SUCCESS),
    run('8', 'recovered', RunState.FAILURE),
    run('7', 'broken', RunState.FAILURE),
    run('6', 'broken', RunState.FAILURE),
    run('5', 'stuck', RunState.RUNNING, 3),
    run('4', 'fine', RunState.RUNNING),
  ];
  expect(needingPeople(runs, 0).map(({ runId }) => runId)).toEqual(['7', '5']);
  expect(needingPeople(runs, 201).map(({ runId }) => runId)).toEqual(['5']);
});
