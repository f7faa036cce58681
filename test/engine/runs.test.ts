import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

describe('a run', () => {
  it('assigns a job only after all of its needs have succeeded, with their outputs', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: echo a }
        b: { run: echo b }
        c: { run: echo c, needs: [a, b] }
    `);
    const a = await fixture.claimed();
    const b = await fixture.claimed();
    expect([a.jobKey, b.jobKey]).toEqual(['a', 'b']);
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(a, { version: '1.2.3' });
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(b);
    const c = await fixture.claimed();
    expect(c.upstreamOutputs).toEqual(
      new Map([
        ['a', new Map([['version', '1.2.3']])],
        ['b', new Map()],
      ]),
    );
    expect(await fixture.runState(run)).toBe('running');
    await fixture.complete(c);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('skips the dependents of a failed job, to the end of the chain', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: 'false' }
        b: { run: echo, needs: a }
        c: { run: echo, needs: b }
        d: { run: echo, needs: c, if: always() }
    `);
    await fixture.fail(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped', c: 'skipped', d: 'queued' });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('failure');
  });

  it("retries after the job's backoff", async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x, retries: 2, backoff: { exponential: { base: 2, max: 60 } } }
    `);
    const first = await fixture.claimed();
    expect(first.attempt).toBe(0);
    await fixture.fail(first, true);
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(1_999);
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(1);
    const second = await fixture.claimed();
    expect(second.attempt).toBe(1);
    await fixture.fail(second, true);
    await fixture.environment.advance(4_000);
    const third = await fixture.claimed();
    await fixture.fail(third, true);
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('requeues a job when its lease expires, and fails it when no retry is left', async () => {
    const run = await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    const first = await fixture.claimed({ leaseTtlSecs: 5 });
    await fixture.environment.advance(5_001);
    await expect(fixture.complete(first)).rejects.toMatchObject({ code: 'conflict', reason: 'lease_expired' });
    const second = await fixture.claimed({ leaseTtlSecs: 5 });
    expect(second.attempt).toBe(1);
    await expect(fixture.complete(first)).rejects.toMatchObject({ reason: 'superseded' });
    await fixture.environment.advance(3_000);
    await fixture.engine.heartbeatLease(fixture.caller, second.leaseId);
    await fixture.environment.advance(3_000);
    expect(await fixture.runState(run)).toBe('running');
    await fixture.environment.advance(2_001);
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('assigns a job to a waiting claim in the transaction that makes it claimable', async () => {
    const waiting = fixture.claimMany(1, { waitMs: 30_000, labels: ['gpu'] });
    await fixture.run('jobs: { a: { run: x, labels: [gpu] } }');
    expect((await waiting).map((job) => job.jobKey)).toEqual(['a']);
  });

  it('cancels waiting and running jobs', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x }
        b: { run: x, needs: a }
        clean: { run: x, needs: b, if: cancelled() }
    `);
    const a = await fixture.claimed();
    await fixture.cancel(run);
    expect(await fixture.engine.stopReasonOfJob(run, 'a')).toBe('cancelled');
    expect(await fixture.engine.heartbeatLease(fixture.caller, a.leaseId)).toEqual({
      ttlSecs: 30,
      stop: { reason: 'cancelled', withinMs: 10_000 },
      drain: null,
    });
    await expect(fixture.complete(a)).rejects.toMatchObject({ reason: 'cancelled' });
    const clean = await fixture.claimed();
    expect(clean.jobKey).toBe('clean');
    await fixture.complete(clean);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', b: 'cancelled', clean: 'success' });
    expect(await fixture.runState(run)).toBe('cancelled');
  });

  it('does not revive a lease that was reported as expired', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    const job = await fixture.claimed({ leaseTtlSecs: 5 });
    await fixture.environment.advance(2_000);
    // The report arrives before the clock has woken the deadline loop.
    fixture.environment.skip(3_500);
    await expect(fixture.complete(job)).rejects.toMatchObject({ reason: 'lease_expired' });
    await fixture.restart();
    await expect(fixture.complete(job)).rejects.toMatchObject({ reason: 'lease_expired' });
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('survives a restart with its leases', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
    const a = await fixture.claimed();
    await fixture.stop();
    await fixture.environment.advance(3_600_000);
    await fixture.start();
    await fixture.complete(a, { k: 'v' });
    const b = await fixture.claimed();
    expect(b.upstreamOutputs.get('a')?.get('k')).toBe('v');
    await fixture.complete(b);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('reads outputs from the pushed stdout; reported ones take precedence', async () => {
    await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
    const a = await fixture.claimed();
    const push = (sequence: number, data: string) =>
      fixture.engine.pushLogs(fixture.caller, a.leaseId, [
        { runId: a.runId, jobKey: 'a', sequence, data, timestampMs: 1, stream: 'stdout' },
      ]);
    await push(0, 'hello\n::set-out');
    await push(1, 'put x=1\n::set-output y=2\n');
    await push(0, 'hello\n::set-out');
    await fixture.complete(a, { y: 'reported' });
    await fixture.complete(a, { y: 'reported' });
    const b = await fixture.claimed();
    expect(b.upstreamOutputs.get('a')).toEqual(
      new Map([
        ['x', '1'],
        ['y', 'reported'],
      ]),
    );
    expect((await fixture.logOf(a.runId, 'a')).length).toBe(2);
  });
});
