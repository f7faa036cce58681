import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobIdOf } from '../../../src/store/job-id.js';
import { insertAttempts, startJobsIfQueued } from '../../../src/store/statements/claims.js';
import { insertEvents, takeEventNumbers } from '../../../src/store/statements/events.js';
import {
  cancelJobs,
  cancelLiveAttempts,
  jobByKey,
  leaveRunning,
  leaveWaiting,
  lowerOpenNeeds,
  markSettled,
  needsOfJobs,
  nextDelayedJob,
  queueDueJobs,
  unsettledJobs,
} from '../../../src/store/statements/jobs.js';
import {
  beginRuns,
  deleteRunBeingMade,
  endRuns,
  finishFilling,
  lockRunsBeingMade,
  newestRunOfWorkflow,
  requestCancel,
  runById,
  runsByNumber,
  runsByRequest,
  runsWithUnfinishedWork,
  setCancelFrom,
  setNewestRuns,
  tallyRuns,
  waitingRoots,
} from '../../../src/store/statements/runs.js';
import type { Store } from '../../../src/store/store.js';
import { contractStores, defineVersion, makeRun, type OpenedStore } from '../../support/contract-stores.js';

describe.each(contractStores)('runs of $name', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;
  let version: { workflow: number; version: number };
  let run: number;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
    // a and b, then c of both, and d of c.
    version = await defineVersion(store, 'w', [
      { key: 'a' },
      { key: 'b' },
      { key: 'c', needs: [0, 1] },
      { key: 'd', needs: [2] },
    ]);
    run = await makeRun(store, version, 4, { id: 'first', request: 'q' });
  });
  afterEach(() => opened.end());

  const job = (ord: number) => jobIdOf(run, ord);
  const act = <T>(work: Parameters<Store['transact']>[0]) => store.transact(work) as Promise<T>;

  it('are found by id, by request, and by workflow when they are the newest', async () => {
    expect(await runById.run(store.read, { id: 'first' })).toMatchObject([
      { no: run, workflow_id: 'w', job_count: 4, state: 'queued', activate_from: null, cancel_requested_at_ms: null },
    ]);
    expect(await runById.run(store.read, { id: 'none' })).toEqual([]);
    expect(await newestRunOfWorkflow.run(store.read, { id: 'w' })).toEqual([]);
    const second = await makeRun(store, version, 4);
    await act((connection) => setNewestRuns.run(connection, { rows: [[version.workflow, second]] }));
    await act((connection) => setNewestRuns.run(connection, { rows: [[version.workflow, run]] }));
    expect(await newestRunOfWorkflow.run(store.read, { id: 'w' })).toMatchObject([{ no: second }]);
    expect(await runsByRequest.run(store.read, { rows: [['q'], ['r']] })).toEqual([
      { request_hash: 'q', id: 'first', workflow: version.workflow, state: 'queued' },
    ]);
    await expect(makeRun(store, version, 4, { request: 'q' })).rejects.toThrow(/unique/i);
    expect((await runsByNumber.run(store.read, { rows: [[run], [second], [77]] })).map(({ no }) => no).sort()).toEqual(
      [run, second].sort(),
    );
  });

  it('have the jobs of their version: those without needs are claimable', async () => {
    expect(await jobByKey.run(store.read, { run, version: version.version, key: 'a' })).toEqual([
      { id: job(0), state: 'queued', attempt: 0 },
    ]);
    expect(await jobByKey.run(store.read, { run, version: version.version, key: 'd' })).toMatchObject([
      { state: 'waiting' },
    ]);
    expect(await jobByKey.run(store.read, { run, version: version.version, key: 'x' })).toEqual([]);
  });

  it('tell those that need an ended job, once for each need', async () => {
    // The last job is not decided, the run is not told, and no event is written.
    opened.leaves('waiting-has-open-needs', 'run-counts', 'end-told-once');
    const lower = (rows: readonly (readonly [ord: number, bad: number])[]) =>
      act<readonly unknown[]>((connection) =>
        lowerOpenNeeds.run(connection, { rows: rows.map(([ord, bad]) => [run, version.version, ord, bad]) }),
      );
    expect(await lower([[0, 1]])).toMatchObject([{ id: job(2), pending: 1, bad: 1, conditional: 0 }]);
    expect(await lower([[1, 0]])).toMatchObject([{ id: job(2), pending: 0, bad: 1 }]);
    await act((connection) => leaveWaiting.run(connection, { rows: [[job(2), 'skipped', null, 60]] }));
    expect(
      await lower([
        [0, 0],
        [1, 0],
      ]),
    ).toEqual([]);
    expect(await lower([[2, 1]])).toMatchObject([{ id: job(3), pending: 0, bad: 1 }]);
    expect(await lower([[3, 0]])).toEqual([]);
  });

  it('tell two needs that ended together at once', async () => {
    // The needs themselves do not end, and their dependant is not decided.
    opened.leaves('waiting-has-open-needs', 'open-needs-counted', 'bad-needs-counted');
    const rows = await act<readonly unknown[]>((connection) =>
      lowerOpenNeeds.run(connection, {
        rows: [
          [run, version.version, 0, 1],
          [run, version.version, 1, 1],
        ],
      }),
    );
    expect(rows).toMatchObject([{ id: job(2), pending: 0, bad: 2 }]);
  });

  it('know how the needs of a job ended', async () => {
    // The job ends without an attempt or an event, and nobody is told.
    opened.leaves('success-was-reported', 'open-needs-counted', 'run-counts', 'end-told-once');
    await act((connection) => startJobsIfQueued.run(connection, { rows: [[job(0), 50]] }));
    await act((connection) =>
      leaveRunning.run(connection, { rows: [[job(0), 'success', 0, 60, null, null, null, '{"k":"v"}']] }),
    );
    const needs = await needsOfJobs.run(store.read, { rows: [[job(2), run, version.version, 2]] });
    expect([...needs].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { job: job(2), key: 'a', state: 'success', outputs: '{"k":"v"}' },
      { job: job(2), key: 'b', state: 'queued', outputs: null },
    ]);
  });

  it('keep jobs that wait for their retry until it is due', async () => {
    await act((connection) =>
      startJobsIfQueued.run(connection, {
        rows: [
          [job(0), 50],
          [job(1), 50],
        ],
      }),
    );
    await act((connection) =>
      leaveRunning.run(connection, {
        rows: [
          [job(0), 'delayed', 1, null, 60, 300, 'no', null],
          [job(1), 'delayed', 1, null, 60, 200, 'no', null],
        ],
      }),
    );
    expect(await nextDelayedJob.run(store.read, {})).toEqual([{ at_ms: 200 }]);
    const due = (nowMs: number, limit: number) =>
      act<readonly { id: number }[]>((connection) => queueDueJobs.run(connection, { nowMs, limit }));
    expect(await due(199, 10)).toEqual([]);
    expect(await due(400, 1)).toMatchObject([{ id: job(1), attempt: 1 }]);
    expect(await due(400, 10)).toMatchObject([{ id: job(0) }]);
    expect(await nextDelayedJob.run(store.read, {})).toEqual([{ at_ms: null }]);
  });

  it('are cancelled in ranges: what has not ended, but not what survives a cancel', async () => {
    // The run is not told, and no event is written.
    opened.leaves('run-counts', 'end-told-once');
    const survivors = await defineVersion(store, 's', [
      { key: 'a' },
      { key: 'b', conditional: 2, needs: [0] },
      { key: 'c', needs: [0] },
    ]);
    const other = await makeRun(store, survivors, 3);
    await act((connection) => startJobsIfQueued.run(connection, { rows: [[jobIdOf(other, 0), 50]] }));
    await act((connection) =>
      insertAttempts.run(connection, {
        rows: [[jobIdOf(other, 0), 0, 'w', null, 'h', null, 1_000, 5, 9, null, 9, 1]],
      }),
    );
    const cancel = (fromOrd: number, toOrd: number, spareUpTo: number) =>
      act<readonly { id: number }[]>((connection) =>
        cancelJobs.run(connection, {
          fromId: jobIdOf(other, fromOrd),
          toId: jobIdOf(other, toOrd),
          nowMs: 70,
          spareUpTo,
        }),
      );
    expect((await cancel(0, 2, 1)).map(({ id }) => id)).toEqual([jobIdOf(other, 0)]);
    expect((await cancel(2, 3, 1)).map(({ id }) => id)).toEqual([jobIdOf(other, 2)]);
    expect((await cancel(0, 3, 2)).map(({ id }) => id)).toEqual([jobIdOf(other, 1)]);
    expect(await cancel(0, 3, 2)).toEqual([]);
    const end = () =>
      act<readonly unknown[]>((connection) =>
        cancelLiveAttempts.run(connection, { rows: [[jobIdOf(other, 0), 0]], nowMs: 70 }),
      );
    expect(await end()).toEqual([{ job: jobIdOf(other, 0), number: 0 }]);
    expect(await end()).toEqual([]);
  });

  it('note the first cancel and whether it was forced', async () => {
    const request = (nowMs: number, forced: number) =>
      act((connection) => requestCancel.run(connection, { no: run, nowMs, forced }));
    await request(100, 0);
    await request(200, 1);
    await request(300, 0);
    expect(await runById.run(store.read, { id: 'first' })).toMatchObject([
      { cancel_requested_at_ms: 100, cancel_forced: 1, cancel_from: 0 },
    ]);
    expect((await runsWithUnfinishedWork.run(store.read, {})).map(({ no }) => no)).toEqual([run]);
    await act((connection) => setCancelFrom.run(connection, { no: run, from: null }));
    expect(await runsWithUnfinishedWork.run(store.read, {})).toEqual([]);
  });

  it('begin once, count what ended, and end', async () => {
    // The run is told of ends that its jobs did not have.
    opened.leaves('run-counts', 'run-state');
    const begin = () =>
      act<readonly unknown[]>((connection) => beginRuns.run(connection, { rows: [[run], [99]], nowMs: 55 }));
    expect(await begin()).toEqual([{ no: run }]);
    expect(await begin()).toEqual([]);
    const tally = await act((connection) => tallyRuns.run(connection, { rows: [[run, 3, 1, 2]] }));
    expect(tally).toEqual([{ no: run, state: 'running', open: 1, failed: 1, cancelled: 2, started_at_ms: 55 }]);
    await act((connection) => endRuns.run(connection, { rows: [[run, 'failure', 99]] }));
    expect(await runById.run(store.read, { id: 'first' })).toMatchObject([{ state: 'failure' }]);
  });

  it('in the making are whole at the end, or deleted', async () => {
    const made = await makeRun(store, version, 4, { id: 'made', state: 'creating' });
    const left = await makeRun(store, version, 4, { id: 'left', state: 'creating' });
    const making = () =>
      act<readonly { no: number }[]>((connection) =>
        lockRunsBeingMade.run(connection, { rows: [[made], [left], [run]] }),
      );
    expect((await making()).map(({ no }) => no).sort()).toEqual([made, left].sort());
    expect(await act((connection) => finishFilling.run(connection, { no: made }))).toEqual([
      { workflow: version.workflow },
    ]);
    expect(await act((connection) => finishFilling.run(connection, { no: made }))).toEqual([]);
    expect(await act((connection) => deleteRunBeingMade.run(connection, { no: left }))).toEqual([{ no: left }]);
    expect(await act((connection) => deleteRunBeingMade.run(connection, { no: made }))).toEqual([]);
    const range = { fromId: jobIdOf(made, 0), toId: jobIdOf(made, 4) };
    const roots = (await act((connection) => waitingRoots.run(connection, range))) as readonly { id: number }[];
    expect(roots.map(({ id }) => id)).toEqual([jobIdOf(made, 0), jobIdOf(made, 1)]);
    expect(await runById.run(store.read, { id: 'made' })).toMatchObject([{ state: 'queued', activate_from: 0 }]);
  });

  it('remember ended jobs of which nobody was told', async () => {
    // The jobs have not ended.
    opened.leaves('settled-has-ended');
    expect(await unsettledJobs.run(store.read, { limit: 10 })).toEqual([]);
    await act((connection) =>
      markSettled.run(connection, {
        rows: [
          [job(1), 0],
          [job(0), 0],
        ],
      }),
    );
    expect(await act((connection) => unsettledJobs.run(connection, { limit: 10 }))).toEqual([
      { id: job(0), state: 'queued', version: version.version },
      { id: job(1), state: 'queued', version: version.version },
    ]);
    await act((connection) => markSettled.run(connection, { rows: [[job(0), 1]] }));
    expect(await act((connection) => unsettledJobs.run(connection, { limit: 10 }))).toMatchObject([{ id: job(1) }]);
  });

  it('have events whose numbers follow one another, and none from a transaction that failed', async () => {
    const write = (count: number, fail = false) =>
      store.transact(async (connection) => {
        const [counter] = await takeEventNumbers.run(connection, { count });
        const last = counter?.value ?? 0;
        await insertEvents.run(connection, {
          rows: Array.from({ length: count }, (_, at) => [last - count + 1 + at, 7, 'x', run, null, null, null]),
        });
        if (fail) throw new Error('no');
        return last;
      });
    expect(await write(3)).toBe(3);
    await expect(write(2, true)).rejects.toThrow('no');
    expect(await write(1)).toBe(4);
  });
});
