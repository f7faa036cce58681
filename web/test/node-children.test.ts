import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import {
  GetRunGraphResponseSchema,
  JobPhase,
  ListRunJobsResponseSchema,
} from '../gen/workflowgraph/v1/run_service_pb.js';
import { EventSchema } from '../gen/workflowgraph/v1/runs_pb.js';
import { RunStore } from '../src/run/run-store.js';

const firstChild = 262_144;
const graph = create(GetRunGraphResponseSchema, {
  keys: ['test', 'report'],
  names: ['test', 'report'],
  needsOffsets: [0, 0, 1],
  needs: [0],
  labelSets: [{ labels: [] }],
  labelSetIndexes: [0, 0],
  childrenFrom: [firstChild, 0],
});
const jobs = { runId: 'r1', ordinals: [0, 1], phases: [JobPhase.RUNNING, JobPhase.WAITS_FOR_NEEDS] };
const three = { total: 3, open: 3, failed: 0, cancelled: 0 };

function storeAt(lastEvent: bigint, children = three): RunStore {
  const nodes = [{ ordinal: 0, children }];
  return new RunStore(graph, [create(ListRunJobsResponseSchema, { ...jobs, lastEvent, nodes })]);
}

function event(number: number, type: string, jobId: string, dataJson = '') {
  return create(EventSchema, { number: BigInt(number), type, runId: 'r1', jobId, atMs: 5n, dataJson });
}

/** What the server answers about the children. */
function childrenAt(lastEvent: bigint, phases: readonly JobPhase[]) {
  const ordinals = phases.map((_, n) => firstChild + n);
  return create(ListRunJobsResponseSchema, { runId: 'r1', lastEvent, ordinals, phases: [...phases] });
}

const now = (act: () => void) => {
  act();
  return 0;
};

it('events of children change the counts of their job, each once', () => {
  const store = storeAt(10n);
  const failed = event(12, 'job.failure', 'test.1');
  store.apply([event(11, 'job.success', 'test.0'), failed, failed, event(13, 'job.delayed', 'test.2')], now);
  expect(store.snapshot().jobs[0]?.children).toEqual({ total: 3, open: 1, failed: 1, cancelled: 0 });
  store.apply([event(14, 'job.failure', 'test.2', '{"tolerated":true}')], now);
  expect(store.snapshot().jobs[0]?.children).toEqual({ total: 3, open: 0, failed: 1, cancelled: 0 });
});

it('what happens while the children are asked for is neither lost nor applied twice', async () => {
  const store = storeAt(10n);
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof childrenAt>[]>();
  const loading = store.load(['test'], () => promise);
  store.apply([event(11, 'job.success', 'test.0'), event(12, 'job.failure', 'test.1')], now);
  // The answer shows the first of the two.
  resolve([childrenAt(11n, [JobPhase.SUCCESS, JobPhase.RUNNING, JobPhase.RUNNING])]);
  await loading;
  const looks = () =>
    store
      .snapshot()
      .children.get('test')
      ?.map(({ look }) => look);
  expect(looks()).toEqual(['success', 'failure', 'running']);
  store.apply([event(13, 'job.cancelled', 'test.2')], now);
  expect(looks()).toEqual(['success', 'failure', 'cancelled']);
});

it('after a re-run of some children their job is counted anew by the server', async () => {
  const store = storeAt(10n, { total: 3, open: 0, failed: 1, cancelled: 0 });
  store.apply([event(11, 'job.waiting', 'test'), event(12, 'job.open', 'test')], now);
  expect(store.snapshot().jobs[0]?.children).toBeNull();
  const nodes = [{ ordinal: 0, children: { total: 3, open: 1, failed: 0, cancelled: 0 } }];
  await store.recount(async () => {
    store.apply([event(13, 'job.success', 'test.1')], now);
    return create(ListRunJobsResponseSchema, { runId: 'r1', lastEvent: 12n, nodes });
  });
  expect(store.snapshot().jobs[0]?.children).toEqual({ total: 3, open: 0, failed: 0, cancelled: 0 });
});

it('a re-run of the whole job starts with all of its new children open', () => {
  const store = storeAt(10n, { total: 3, open: 0, failed: 1, cancelled: 0 });
  store.apply([event(11, 'job.waiting', 'test'), event(12, 'job.open', 'test', '{"children":2}')], now);
  expect(store.snapshot().jobs[0]?.children).toEqual({ total: 2, open: 2, failed: 0, cancelled: 0 });
});
