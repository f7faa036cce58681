import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobIdOf } from '../../../src/store/job-id.js';
import { endAttemptsIfLive } from '../../../src/store/statements/attempts.js';
import { requestCancel, setCancelFrom } from '../../../src/store/statements/cancel-runs.js';
import { insertAttempts, startJobsIfQueued } from '../../../src/store/statements/claims.js';
import { insertEvents, takeEventNumbers } from '../../../src/store/statements/events.js';
import { newestRunOfWorkflow, runById, runsByNumber } from '../../../src/store/statements/find-runs.js';
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
  outputsOfJobs,
  queueDueJobs,
  unsettledJobs,
} from '../../../src/store/statements/jobs.js';
import {
  deleteRunBeingMade,
  finishFilling,
  lockRunsBeingMade,
  runsWithUnfinishedWork,
  waitingRoots,
} from '../../../src/store/statements/large-runs.js';
import { runsByRequest, setNewestRuns } from '../../../src/store/statements/start-runs.js';
import { beginRuns, endRuns, tallyRuns } from '../../../src/store/statements/tally-runs.js';
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

describe.each(contractStores)('runs of $name', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;
  let version: { workflow: number; version: number };
  let run: number;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
    // a and b, then c after both, and d after c.
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

  it('are found by id, by request, and by workflow if they are the newest', async () => {
    expect(await runById.run(store.read, { id: 'first' })).toMatchObject([
      { no: run, workflow_id: 'w', job_count: 4, state: 'queued', activate_from: null, cancel_requested_at_ms: null },
    ]);
    expect(await runById.run(store.read, { id: 'none' })).toEqual([]);
    expect(await newestRunOfWorkflow.run(store.read, { id: 'w' })).toEqual([]);
    const second = await makeRun(store, version, 4);
    await act((connection) => setNewestRuns.run(connection, { rows: [{ workflow: version.workflow, run: second }] }));
    await act((connection) => setNewestRuns.run(connection, { rows: [{ workflow: version.workflow, run }] }));
    expect(await newestRunOfWorkflow.run(store.read, { id: 'w' })).toMatchObject([{ no: second }]);
    expect(await runsByRequest.run(store.read, { rows: [{ request_hash: 'q' }, { request_hash: 'r' }] })).toEqual([
      { request_hash: 'q', id: 'first', state: 'queued' },
    ]);
    await expect(makeRun(store, version, 4, { request: 'q' })).rejects.toThrow(/unique/i);
    expect(
      (await runsByNumber.run(store.read, { rows: [run, second, 77].map((no) => ({ no })) }))
        .map(({ no }) => no)
        .sort(),
    ).toEqual([run, second].sort());
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

  it('notify the dependents of an ended job, once for each need', async () => {
    // The last job is not decided, the run is not updated, and no event is written.
    opened.leaves('waiting-has-open-needs', 'run-counts', 'end-told-once');
    const lower = (rows: readonly (readonly [ord: number, bad: number])[]) =>
      act<readonly unknown[]>((connection) =>
        lowerOpenNeeds.run(connection, {
          rows: rows.map(([ord, bad]) => ({ run, version: version.version, ord, bad })),
        }),
      );
    expect(await lower([[0, 1]])).toMatchObject([{ id: job(2), pending: 1, bad: 1, conditional: 0 }]);
    expect(await lower([[1, 0]])).toMatchObject([{ id: job(2), pending: 0, bad: 1 }]);
    await act((connection) =>
      leaveWaiting.run(connection, { rows: [{ id: job(2), state: 'skipped', enqueued_at_ms: null, ended_at_ms: 60 }] }),
    );
    expect(
      await lower([
        [0, 0],
        [1, 0],
      ]),
    ).toEqual([]);
    expect(await lower([[2, 1]])).toMatchObject([{ id: job(3), pending: 0, bad: 1 }]);
    expect(await lower([[3, 0]])).toEqual([]);
  });

  it('report two needs that ended together in one result', async () => {
    // The needs themselves do not end, and their dependent is not decided.
    opened.leaves('waiting-has-open-needs', 'open-needs-counted', 'bad-needs-counted');
    const rows = await act<readonly unknown[]>((connection) =>
      lowerOpenNeeds.run(connection, {
        rows: [
          { run, version: version.version, ord: 0, bad: 1 },
          { run, version: version.version, ord: 1, bad: 1 },
        ],
      }),
    );
    expect(rows).toMatchObject([{ id: job(2), pending: 0, bad: 2 }]);
  });

  it("know the results of a job's needs", async () => {
    // The job ends without an attempt or an event, and nothing is propagated.
    opened.leaves('success-was-reported', 'open-needs-counted', 'run-counts', 'end-told-once');
    await act((connection) => startJobsIfQueued.run(connection, { rows: [{ id: job(0), at_ms: 50 }] }));
    await act((connection) =>
      leaveRunning.run(connection, { rows: [{ ...succeeded, id: job(0), ended_at_ms: 60, outputs: '{"k":"v"}' }] }),
    );
    const needs = await needsOfJobs.run(store.read, { rows: [{ job: job(2), run, version: version.version, ord: 2 }] });
    expect([...needs].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { job: job(2), need: job(0), key: 'a', state: 'success', tolerated: 0, count: null, failed: null },
      { job: job(2), need: job(1), key: 'b', state: 'queued', tolerated: 0, count: null, failed: null },
    ]);
    expect(await outputsOfJobs.run(store.read, { rows: [{ id: job(0) }, { id: job(1) }] })).toEqual([
      { id: job(0), outputs: '{"k":"v"}' },
    ]);
  });

  it('keep jobs that wait for their retry until it is due', async () => {
    await act((connection) =>
      startJobsIfQueued.run(connection, {
        rows: [
          { id: job(0), at_ms: 50 },
          { id: job(1), at_ms: 50 },
        ],
      }),
    );
    await act((connection) =>
      leaveRunning.run(connection, {
        rows: [
          { ...delayed, id: job(0), delayed_until_ms: 300 },
          { ...delayed, id: job(1), delayed_until_ms: 200 },
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

  it('are cancelled in ranges: jobs that have not ended, except those that survive a cancel', async () => {
    // The run is not updated, and no event is written.
    opened.leaves('run-counts', 'end-told-once');
    const survivors = await defineVersion(store, 's', [
      { key: 'a' },
      { key: 'b', conditional: 2, needs: [0] },
      { key: 'c', needs: [0] },
    ]);
    const other = await makeRun(store, survivors, 3);
    await act((connection) => startJobsIfQueued.run(connection, { rows: [{ id: jobIdOf(other, 0), at_ms: 50 }] }));
    await act((connection) =>
      insertAttempts.run(connection, {
        rows: [{ ...newAttempt, job: jobIdOf(other, 0), expires_at_ms: 9, deadline_ms: 9 }],
      }),
    );
    const cancel = (fromOrd: number, toOrd: number, spareUpTo: number) =>
      act<readonly { id: number }[]>((connection) =>
        cancelJobs.run(connection, {
          fromId: jobIdOf(other, fromOrd),
          toId: jobIdOf(other, toOrd),
          nowMs: 70,
          spareUpTo,
          hold: 0,
        }),
      );
    expect((await cancel(0, 2, 1)).map(({ id }) => id)).toEqual([jobIdOf(other, 0)]);
    expect((await cancel(2, 3, 1)).map(({ id }) => id)).toEqual([jobIdOf(other, 2)]);
    expect((await cancel(0, 3, 2)).map(({ id }) => id)).toEqual([jobIdOf(other, 1)]);
    expect(await cancel(0, 3, 2)).toEqual([]);
    const end = () =>
      act<readonly unknown[]>((connection) =>
        cancelLiveAttempts.run(connection, { rows: [{ job: jobIdOf(other, 0), number: 0 }], byMs: 7 }),
      );
    const stopped = { job: jobIdOf(other, 0), number: 0, claimed_at_ms: 5, deadline_ms: 7 };
    expect(await end()).toEqual([stopped]);
    await act((connection) =>
      endAttemptsIfLive.run(connection, {
        rows: [
          {
            job: jobIdOf(other, 0),
            number: 0,
            outcome: 'cancelled',
            at_ms: 70,
            digest: null,
            error: null,
            exit_code: null,
          },
        ],
      }),
    );
    expect(await end()).toEqual([]);
  });

  it('record the first cancel and whether it was forced', async () => {
    const request = (nowMs: number, forced: number) =>
      act((connection) => requestCancel.run(connection, { no: run, nowMs, forced, hash: null }));
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

  it('start once, count ended jobs, and end', async () => {
    // The run's counters change by ends that its jobs did not have.
    opened.leaves('ended-run-has-figures', 'run-counts', 'run-state');
    const begin = () =>
      act<readonly unknown[]>((connection) =>
        beginRuns.run(connection, { rows: [{ no: run }, { no: 99 }], nowMs: 55 }),
      );
    expect(await begin()).toEqual([{ no: run, deadline_ms: null }]);
    expect(await begin()).toEqual([]);
    const tally = await act((connection) =>
      tallyRuns.run(connection, { rows: [{ no: run, ended: 3, failed: 1, cancelled: 2 }] }),
    );
    expect(tally).toEqual([
      {
        no: run,
        state: 'running',
        open: 1,
        failed: 1,
        cancelled: 2,
        started_at_ms: 55,
        timed_out: 0,
        gate: null,
        held: 0,
        backfill: null,
      },
    ]);
    await act((connection) => endRuns.run(connection, { rows: [{ no: run, state: 'failure', at_ms: 99 }] }));
    expect(await runById.run(store.read, { id: 'first' })).toMatchObject([{ state: 'failure' }]);
  });

  it('that are being created are completed at the end, or deleted', async () => {
    const made = await makeRun(store, version, 4, { id: 'made', state: 'creating' });
    const left = await makeRun(store, version, 4, { id: 'left', state: 'creating' });
    const making = () =>
      act<readonly { no: number }[]>((connection) =>
        lockRunsBeingMade.run(connection, { rows: [{ no: made }, { no: left }, { no: run }] }),
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

  it('remember ended jobs that were not propagated', async () => {
    // The jobs have not ended.
    opened.leaves('settled-has-ended');
    expect(await unsettledJobs.run(store.read, { limit: 10 })).toEqual([]);
    await act((connection) =>
      markSettled.run(connection, {
        rows: [
          { id: job(1), settled: 0 },
          { id: job(0), settled: 0 },
        ],
      }),
    );
    expect(await act((connection) => unsettledJobs.run(connection, { limit: 10 }))).toEqual([
      { id: job(0), state: 'queued', tolerated: 0, version: version.version },
      { id: job(1), state: 'queued', tolerated: 0, version: version.version },
    ]);
    await act((connection) => markSettled.run(connection, { rows: [{ id: job(0), settled: 1 }] }));
    expect(await act((connection) => unsettledJobs.run(connection, { limit: 10 }))).toMatchObject([{ id: job(1) }]);
  });

  it('have events with consecutive numbers, and none from a failed transaction', async () => {
    const write = (count: number, fail = false) =>
      store.transact(async (connection) => {
        const [counter] = await takeEventNumbers.run(connection, { count });
        const last = counter?.value ?? 0;
        await insertEvents.run(connection, {
          rows: Array.from({ length: count }, (_, at) => ({
            number: last - count + 1 + at,
            at_ms: 7,
            type: 'run.queued',
            run,
            job: null,
            attempt: null,
            data: null,
          })),
        });
        if (fail) throw new Error('no');
        return last;
      });
    expect(await write(3)).toBe(3);
    await expect(write(2, true)).rejects.toThrow('no');
    expect(await write(1)).toBe(4);
  });
});
