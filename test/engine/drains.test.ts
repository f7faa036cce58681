import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimLimits } from '../../src/engine/claims/limits.js';
import type { ClaimedJob, DrainState } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const register = (workerId: string, labels: string[] = [], slots = 1) =>
  fixture.engine.registerWorker({ workerId, labels, onlyLabelled: false, slots, version: '' });

const drain = (workerId: string, more: { stop?: boolean; reason?: string } = {}) =>
  fixture.engine.drainWorker({ caller: fixture.caller, workerId, stop: false, reason: '', ...more });

const undrain = (workerId: string) => fixture.engine.undrainWorker({ caller: fixture.caller, workerId });

const drainOf = async (workerId: string) => (await fixture.engine.workerDetails(workerId)).worker.drain;

async function audits(): Promise<unknown[]> {
  const rows = await fixture.store.read.query('select action, subject, data from audit order by no', []);
  return rows
    .filter(({ action }) => String(action).startsWith('worker.'))
    .map(({ action, subject, data }) => [action, subject, data === null ? null : JSON.parse(String(data))]);
}

function openSession(workerId: string) {
  const jobs: ClaimedJob[] = [];
  const drains: (DrainState | null)[] = [];
  const session = fixture.engine.openSession(
    { caller: fixture.caller, workerId, labels: [], onlyLabelled: false, leaseTtlSecs: 30, slots: 4, version: '' },
    {
      hasRoom: () => true,
      jobs: (pushed) => jobs.push(...pushed),
      leaseEvent: () => {},
      drain: (state) => drains.push(state),
      failed: (error) => {
        throw error;
      },
    },
  );
  return { session, jobs, drains };
}

describe('the drain of a worker', () => {
  it('is shown with its reason, stays as it is when it is repeated, and is in the audit once', async () => {
    await register('w1');
    expect(await drainOf('w1')).toBeNull();
    const first = await drain('w1', { reason: 'new disk' });
    expect(first).toEqual({ sinceMs: fixture.environment.now(), by: null, reason: 'new disk', stop: false });
    await fixture.environment.advance(1_000);
    expect(await drain('w1', { reason: 'other' })).toEqual(first);
    expect(await drainOf('w1')).toEqual(first);
    expect((await fixture.engine.listWorkers({ limit: 5, offset: 0 })).map((worker) => worker.drain)).toEqual([first]);
    await undrain('w1');
    await undrain('w1');
    expect(await drainOf('w1')).toBeNull();
    expect(await audits()).toEqual([
      ['worker.drained', 'w1', { stop: false, reason: 'new disk' }],
      ['worker.undrained', 'w1', null],
    ]);
  });

  it('is replaced by one that also stops the worker', async () => {
    await register('w1');
    await drain('w1', { reason: 'new disk' });
    expect(await drain('w1', { stop: true })).toMatchObject({ reason: '', stop: true });
    expect(fixture.engine.drainOf('w1')).toEqual({ stop: true });
    expect(await audits()).toHaveLength(2);
  });

  it('is refused for a worker that never registered', async () => {
    await expect(drain('nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"nobody"'),
    });
    await expect(undrain('nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"nobody"'),
    });
  });

  it('survives a restart of the server and another registration', async () => {
    await register('w1');
    await drain('w1', { reason: 'new disk', stop: true });
    await fixture.restart();
    await register('w1', ['gpu']);
    expect(await drainOf('w1')).toMatchObject({ reason: 'new disk', stop: true });
    await fixture.run('jobs: { a: { run: x } }');
    expect(await fixture.claim({ workerId: 'w1' })).toBeNull();
    expect(await fixture.claim({ workerId: 'w2' })).not.toBeNull();
  });
});

describe('a draining worker', () => {
  it('gets no job by a claim, ends what it runs, and works again after the drain', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    const a = await fixture.claimed({ workerId: 'w1' });
    await drain('w1');
    expect(await fixture.claim({ workerId: 'w1' })).toBeNull();
    expect(await fixture.engine.heartbeatLease(fixture.caller, a.leaseId)).toMatchObject({
      stop: null,
      drain: { stop: false },
    });
    await fixture.complete(a);
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'queued' });
    await undrain('w1');
    const b = await fixture.claimed({ workerId: 'w1' });
    expect(await fixture.engine.heartbeatLease(fixture.caller, b.leaseId)).toMatchObject({ drain: null });
  });

  it('gets the job again whose claim it repeats', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const requestId = 'a-request-of-16-chars';
    const first = await fixture.claimed({ workerId: 'w1', requestId });
    await drain('w1');
    expect((await fixture.claimed({ workerId: 'w1', requestId })).leaseId).toBe(first.leaseId);
  });

  it('gets no job by a claim that waits, until the drain is undone', async () => {
    await register('w1');
    const before = fixture.claimMany(1, { waitMs: 600_000, workerId: 'w1' });
    await settled();
    await drain('w1');
    const during = fixture.claimMany(1, { waitMs: 600_000, workerId: 'w1' });
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await settled();
    expect(await fixture.statuses(run)).toEqual({ a: 'queued', b: 'queued' });
    await undrain('w1');
    expect((await before).map(({ jobKey }) => jobKey)).toEqual(['a']);
    expect((await during).map(({ jobKey }) => jobKey)).toEqual(['b']);
  });

  it('does not keep waiting claims of others from jobs, however many of its own wait', async () => {
    await register('w1');
    await drain('w1');
    // More than one batch of waiting claims.
    const own = Array.from({ length: claimLimits.parkedPerBatch + 1 }, () =>
      fixture.claimMany(1, { waitMs: 60_000, workerId: 'w1' }),
    );
    const other = fixture.claimMany(1, { waitMs: 60_000, workerId: 'w2' });
    await settled();
    await fixture.run('jobs: { a: { run: x } }');
    expect((await other).map(({ jobKey }) => jobKey)).toEqual(['a']);
    await fixture.environment.advance(60_001);
    expect((await Promise.all(own)).flat()).toEqual([]);
  });

  it('gets no pushed job while it drains, and gets jobs again after the end of the drain; its session reports both', async () => {
    const { session, jobs, drains } = openSession('w1');
    session.addCredits(2);
    await settled();
    await drain('w1');
    expect(drains).toEqual([{ stop: false }]);
    const run = await fixture.run('jobs: { a: { run: x } }');
    await settled();
    expect(jobs).toEqual([]);
    expect(await fixture.statuses(run)).toEqual({ a: 'queued' });
    await drain('w1', { stop: true });
    await undrain('w1');
    await settled();
    expect(drains).toEqual([{ stop: false }, { stop: true }, null]);
    expect(jobs.map(({ jobKey }) => jobKey)).toEqual(['a']);
    session.close();
    await drain('w1');
    expect(drains).toHaveLength(3);
  });

  it('is told at the beginning of a session', async () => {
    await register('w1');
    await drain('w1', { stop: true });
    const { session, drains } = openSession('w1');
    expect(drains).toEqual([{ stop: true }]);
    session.close();
  });

  it('is the reason why a job waits that only it would run, and its slots are not free', async () => {
    await register('w1', ['gpu'], 4);
    const run = await fixture.run('jobs: { a: { run: x, labels: [gpu] } }');
    expect((await fixture.engine.queue()).labelSets).toMatchObject([{ matchingWorkers: 1, freeSlots: 4 }]);
    await drain('w1', { reason: 'new disk' });
    await fixture.environment.advance(5_000);
    const { reasons } = await fixture.engine.explainJob(run, 'a');
    expect(reasons[0]).toMatchObject({
      reason: {
        code: 'no_matching_worker',
        unknownLabels: [],
        nearest: [],
        draining: [{ workerId: 'w1', sinceMs: fixture.environment.now() - 5_000, by: null, reason: 'new disk' }],
      },
      sentence: 'Every live worker that matches is draining: "w1" for 5 s (new disk).',
    });
    expect((await fixture.engine.queue()).labelSets).toMatchObject([
      { matchingWorkers: 0, freeSlots: 0, isStuck: true },
    ]);
    await register('w2', ['gpu']);
    expect((await fixture.engine.explainJob(run, 'a')).reasons[0]?.reason).toMatchObject({
      code: 'waits_for_worker',
      matchingWorkers: 1,
    });
  });
});
