import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobIdOf } from '../../../src/store/job-id.js';
import {
  attemptsByLease,
  endAttemptsIfLive,
  graceForLiveLeases,
  nextDeadline,
  overdueAttempts,
  renewLeases,
} from '../../../src/store/statements/attempts.js';
import {
  attemptsOfRequests,
  claimableJobs,
  claimableLabelSets,
  endedNeeds,
  insertAttempts,
  labelSetsWithQueuedJobs,
  startJobsIfQueued,
} from '../../../src/store/statements/claims.js';
import { leaveRunning } from '../../../src/store/statements/jobs.js';
import { labelSetsByLabels } from '../../../src/store/statements/workflows.js';
import type { Store } from '../../../src/store/store.js';
import {
  contractStores,
  defineVersion,
  delayed,
  makeRun,
  newAttempt,
  type OpenedStore,
  succeeded,
} from '../../support/contract-stores.js';

describe.each(contractStores)('claiming from $name', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;
  let sets: { plain: number; gpu: number };

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
    await defineVersion(store, 'labels', [{ key: 'a' }, { key: 'b', labels: '["gpu"]' }]);
    const rows = await labelSetsByLabels.run(store.read, { rows: [{ labels: '[]' }, { labels: '["gpu"]' }] });
    const of = (labels: string) => rows.find((row) => row.labels === labels)?.id ?? 0;
    sets = { plain: of('[]'), gpu: of('["gpu"]') };
  });
  afterEach(() => opened.end());

  const find = (ids: readonly number[], limit: number) =>
    store.transact((connection) => claimableJobs.run(connection, { sets: ids, limit }));

  const start = (jobs: readonly number[]) =>
    store.transact((connection) => startJobsIfQueued.run(connection, { rows: jobs.map((id) => ({ id, at_ms: 50 })) }));

  /** Starts attempts: [job, number, expires at, deadline, request]. */
  const attempt = (rows: readonly (readonly [number, number, number, number, string | null])[]) =>
    store.transact((connection) =>
      insertAttempts.run(connection, {
        rows: rows.map(([job, number, expires, deadline, request]) => ({
          ...newAttempt,
          job,
          number,
          lease_hash: `hash ${job}`,
          request_hash: request,
          expires_at_ms: expires,
          deadline_ms: deadline,
        })),
      }),
    );

  it('finds the highest priority first, then the oldest, across label sets', async () => {
    const urgent = await defineVersion(store, 'u', [
      { key: 'x', priority: 5 },
      { key: 'y', labels: '["gpu"]', priority: 7 },
    ]);
    const plain = await defineVersion(store, 'p', [{ key: 'x' }, { key: 'y', labels: '["gpu"]' }]);
    const old = await makeRun(store, plain, 2, { atMs: 10 });
    const late = await makeRun(store, urgent, 2, { atMs: 30 });
    const middle = await makeRun(store, plain, 2, { atMs: 20 });
    const order = [
      jobIdOf(late, 1),
      jobIdOf(late, 0),
      jobIdOf(old, 0),
      jobIdOf(old, 1),
      jobIdOf(middle, 0),
      jobIdOf(middle, 1),
    ];
    expect((await find([sets.plain, sets.gpu], 10)).map((job) => job.id)).toEqual(order);
    expect((await find([sets.gpu, sets.plain], 3)).map((job) => job.id)).toEqual(order.slice(0, 3));
    expect((await find([sets.plain], 10)).map((job) => job.id)).toEqual([order[1], order[2], order[4]]);
    expect(await find([], 10)).toEqual([]);
    expect(await find([999], 10)).toEqual([]);
  });

  it('starts a job once', async () => {
    const version = await defineVersion(store, 'w', [{ key: 'x' }, { key: 'y', needs: [0] }]);
    const run = await makeRun(store, version, 2);
    const jobs = [jobIdOf(run, 0), jobIdOf(run, 1), 12345];
    expect(await start(jobs)).toEqual([{ id: jobs[0] }]);
    expect(await start(jobs)).toEqual([]);
    expect(await find([sets.plain], 10)).toEqual([]);
    await attempt([[jobIdOf(run, 0), 0, 9, 9, null]]);
  });

  it('knows which label sets have claimable jobs', async () => {
    expect(await claimableLabelSets.run(store.read, {})).toEqual([]);
    const version = await defineVersion(store, 'w', [{ key: 'x', labels: '["gpu"]' }]);
    const run = await makeRun(store, version, 1);
    expect(await claimableLabelSets.run(store.read, {})).toEqual([{ id: sets.gpu }]);
    const among = { rows: [{ id: sets.plain }, { id: sets.gpu }] };
    expect(await labelSetsWithQueuedJobs.run(store.read, among)).toEqual([{ id: sets.gpu }]);
    await start([jobIdOf(run, 0)]);
    await attempt([[jobIdOf(run, 0), 0, 9, 9, null]]);
    expect(await claimableLabelSets.run(store.read, {})).toEqual([]);
    expect(await labelSetsWithQueuedJobs.run(store.read, among)).toEqual([]);
  });

  it('finds live attempts by the request that started them', async () => {
    const version = await defineVersion(store, 'w', [{ key: 'x' }, { key: 'y' }, { key: 'z' }]);
    const run = await makeRun(store, version, 3);
    // One attempt ends, and its job is left unchanged.
    opened.leaves('running-is-leased');
    await start([jobIdOf(run, 0), jobIdOf(run, 1), jobIdOf(run, 2)]);
    await attempt([
      [jobIdOf(run, 0), 0, 9, 9, 'q1'],
      [jobIdOf(run, 1), 0, 9, 9, 'q1'],
      [jobIdOf(run, 2), 0, 9, 9, null],
    ]);
    const of = async (...requests: string[]) =>
      (await attemptsOfRequests.run(store.read, { rows: requests.map((request_hash) => ({ request_hash })) }))
        .map((row) => row.job)
        .sort();
    expect(await of('q1', 'q2')).toEqual([jobIdOf(run, 0), jobIdOf(run, 1)]);
    await store.transact((connection) =>
      endAttemptsIfLive.run(connection, {
        rows: [
          { job: jobIdOf(run, 0), number: 0, outcome: 'success', at_ms: 9, digest: 'd', error: null, exit_code: null },
        ],
      }),
    );
    expect(await of('q1')).toEqual([jobIdOf(run, 1)]);
  });

  it('ends an attempt once, and returns which ones were live', async () => {
    const version = await defineVersion(store, 'w', [{ key: 'x' }]);
    const job = jobIdOf(await makeRun(store, version, 1), 0);
    await start([job]);
    await attempt([[job, 0, 9, 9, null]]);
    const end = (outcome: 'success' | 'failure') =>
      store.transact((connection) =>
        endAttemptsIfLive.run(connection, {
          rows: [{ job, number: 0, outcome, at_ms: 60, digest: 'digest', error: 'why', exit_code: 7 }],
        }),
      );
    await end('failure');
    await end('success');
    const [row] = await attemptsByLease.run(store.read, {
      rows: [
        { job, number: 0 },
        { job, number: 1 },
      ],
    });
    expect(row).toMatchObject({
      job,
      number: 0,
      outcome: 'failure',
      report_digest: 'digest',
      error: 'why',
      ended_at_ms: 60,
    });
    expect(row).toMatchObject({ job_state: 'running', job_attempt: 0, timeout_at_ms: null, credential: null });
    const leave = () =>
      store.transact((connection) =>
        leaveRunning.run(connection, {
          rows: [{ ...delayed, id: job, state: 'queued', enqueued_at_ms: 70, error: 'why' }],
        }),
      );
    expect(await leave()).toEqual([{ id: job, state: 'queued', label_set: sets.plain, places: null, due_at_ms: null }]);
    expect(await leave()).toEqual([]);
    expect(await find([sets.plain], 1)).toMatchObject([{ id: job, attempt: 1, enqueued_at_ms: 70 }]);
  });

  it('finds overdue attempts, the longest overdue first, and the next one due', async () => {
    const version = await defineVersion(store, 'w', [{ key: 'x' }, { key: 'y' }, { key: 'z' }]);
    const run = await makeRun(store, version, 3);
    expect(await nextDeadline.run(store.read, {})).toEqual([{ at_ms: null }]);
    const [x, y, z] = [jobIdOf(run, 0), jobIdOf(run, 1), jobIdOf(run, 2)];
    await start([x, y, z]);
    await attempt([
      [x, 0, 300, 300, null],
      [y, 0, 100, 100, null],
      [z, 0, 200, 200, null],
    ]);
    expect(await nextDeadline.run(store.read, {})).toEqual([{ at_ms: 100 }]);
    const overdue = (nowMs: number, limit: number) =>
      store.transact(async (connection) =>
        (await overdueAttempts.run(connection, { nowMs, limit })).map((row) => row.job),
      );
    expect(await overdue(99, 10)).toEqual([]);
    expect(await overdue(200, 10)).toEqual([y, z]);
    expect(await overdue(500, 1)).toEqual([y]);
    await store.transact((connection) =>
      renewLeases.run(connection, { rows: [{ job: y, number: 0, expires_at_ms: 400, deadline_ms: 400 }] }),
    );
    expect(await overdue(300, 10)).toEqual([z, x]);
    await store.transact((connection) => graceForLiveLeases.run(connection, { nowMs: 350, stopGraceMs: 0 }));
    expect(await overdue(1_349, 10)).toEqual([]);
    expect(await overdue(1_350, 10)).toHaveLength(3);
  });

  it('returns the results of needs, and the outputs of those that succeeded', async () => {
    const version = await defineVersion(store, 'w', [{ key: 'x' }, { key: 'y' }, { key: 'z', needs: [0, 1] }]);
    const run = await makeRun(store, version, 3);
    const [x, y] = [jobIdOf(run, 0), jobIdOf(run, 1)];
    // They end without attempts and events, and neither their run nor their dependent is updated.
    const untold = ['open-needs-counted', 'run-counts', 'tolerated-failure'];
    opened.leaves('success-was-reported', 'failure-was-recorded', 'end-told-once', ...untold);
    await start([x, y]);
    const outputs = JSON.stringify({ k: 'v "1"\n' });
    await store.transact((connection) =>
      leaveRunning.run(connection, {
        rows: [
          { ...succeeded, id: x, ended_at_ms: 70, outputs },
          { ...succeeded, id: y, state: 'failure', ended_at_ms: 70, error: 'no', tolerated: 1 },
        ],
      }),
    );
    const rows = await endedNeeds.run(store.read, {
      rows: [{ job: jobIdOf(run, 2), run, version: version.version, ord: 2 }],
    });
    const ended = { job: jobIdOf(run, 2), attempt: 0, started_at_ms: expect.any(Number), ended_at_ms: 70 };
    expect([...rows].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { ...ended, key: 'x', state: 'success', tolerated: 0, outputs, error: null },
      { ...ended, key: 'y', state: 'failure', tolerated: 1, outputs: null, error: 'no' },
    ]);
  });
});
