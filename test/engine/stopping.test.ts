import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import type { LeaseEvent } from '../../src/engine/leases/lease-watch.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';
import { scaled } from '../support/machine.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const beat = (job: ClaimedJob) => fixture.engine.heartbeatLease(fixture.caller, job.leaseId);
const cancel = (run: string) => fixture.cancel(run);
const release = (job: ClaimedJob) => fixture.engine.releaseJob(fixture.caller, job.leaseId);
const log = (job: ClaimedJob, sequence: number, data: string) =>
  fixture.engine.pushLogs(fixture.caller, job.leaseId, [
    { runId: '', jobKey: '', sequence, data, timestampMs: 1, stream: 'stdout' },
  ]);

async function readLog(run: string, jobKey: string): Promise<string> {
  let text = '';
  const query = { id: run, jobKey, attempt: null, limit: null, after: '', tail: null };
  for await (const { chunks } of fixture.engine.jobLogs(query)) text += chunks.map(({ data }) => data).join('');
  return text;
}

async function attemptsOf(run: string, jobKey: string) {
  const { attempts } = await fixture.engine.explainJob(run, jobKey);
  return attempts.map(({ outcome, error }) => ({ outcome, error }));
}

async function eventsOf(run: string): Promise<string[]> {
  const { lastEvent } = (await fixture.engine
    .watchRuns({ id: run, afterEvent: null }, new AbortController().signal)
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => value)) as { lastEvent: number };
  const all = await fixture.engine
    .watchRuns({ id: run, afterEvent: 0 }, AbortSignal.timeout(scaled(60_000)))
    [Symbol.asyncIterator]()
    .next();
  return lastEvent === 0 ? [] : (all.value as { events: { type: string }[] }).events.map(({ type }) => type);
}

const timed = 'jobs: { a: { run: x, timeout: 5, retries: 1 }, undo: { run: x, needs: a, if: failure() } }';

describe('an attempt that has timed out', () => {
  it('continues until its worker reports; only then does the retry start', async () => {
    const run = await fixture.run(timed);
    const job = await fixture.claimed();
    expect(job.stopGraceSecs).toBe(10);
    await fixture.environment.advance(5_000);
    expect(await fixture.claim()).toBeNull();
    expect(await fixture.engine.stopReasonOfJob(run, 'a')).toBe('timed_out');
    expect(await fixture.statuses(run)).toMatchObject({ a: 'running' });
    await fixture.environment.advance(3_000);
    await log(job, 0, 'trap\n');
    await fixture.fail(job, true, 'timed out after 5 s');
    expect(await attemptsOf(run, 'a')).toEqual([{ outcome: 'timed_out', error: 'timed out after 5 s' }]);
    expect(await fixture.engine.stopReasonOfJob(run, 'a')).toBeNull();
    expect((await fixture.claimed()).attempt).toBe(1);
    expect(await readLog(run, 'a')).toBe('… timed out after 5 s: its worker has 10 s to stop it …\ntrap\n');
  });

  it('is marked in its events', async () => {
    const run = await fixture.run(timed);
    await fixture.claimed();
    await fixture.environment.advance(5_000);
    expect(await eventsOf(run)).toContain('job.stopping');
  });

  it('ends after the grace period without a report, and refuses later reports', async () => {
    const run = await fixture.run('jobs: { a: { run: x, timeout: 5 }, undo: { run: x, needs: a, if: failure() } }');
    const job = await fixture.claimed();
    await fixture.environment.advance(5_000);
    await log(job, 0, 'working\n');
    await fixture.environment.advance(9_999);
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(1);
    expect((await fixture.claimed()).jobKey).toBe('undo');
    expect(await attemptsOf(run, 'a')).toEqual([{ outcome: 'timed_out', error: 'timed out after 5 s' }]);
    await expect(fixture.fail(job, true)).rejects.toMatchObject({ reason: 'lease_expired' });
    await expect(log(job, 1, 'late')).rejects.toMatchObject({ reason: 'lease_expired' });
    await expect(beat(job)).rejects.toMatchObject({ reason: 'lease_expired' });
    expect(await readLog(run, 'a')).toBe(
      '… timed out after 5 s: its worker has 10 s to stop it …\nworking\n' +
        '… worker "w1" did not report in time that it has stopped: the attempt has ended …\n',
    );
  });

  it('ends with its lease if its worker is gone, even within the grace period', async () => {
    const run = await fixture.run('jobs: { a: { run: x, timeout: 5 } }');
    await fixture.claimed({ leaseTtlSecs: 7 });
    await fixture.environment.advance(6_999);
    expect(await fixture.statuses(run)).toEqual({ a: 'running' });
    await fixture.environment.advance(1);
    expect(await attemptsOf(run, 'a')).toEqual([{ outcome: 'timed_out', error: 'timed out after 5 s' }]);
    expect(await readLog(run, 'a')).toContain('… no heartbeat from worker "w1" for 7 s: the attempt has ended …');
  });

  it('ends as timed out even if its worker reports success or another failure; a repeat gets the same response', async () => {
    for (const [report, said] of [
      [(job: ClaimedJob) => fixture.complete(job, { a: 'b' }), 'its worker reported success after that'],
      [(job: ClaimedJob) => fixture.fail(job, false, 'exit status 1'), 'its worker reported: exit status 1'],
    ] as const) {
      const run = await fixture.run('jobs: { a: { run: x, timeout: 5, retries: 1 }, b: { run: x, needs: a } }');
      const job = await fixture.claimed();
      await fixture.environment.advance(5_000);
      await report(job);
      await report(job);
      await expect(fixture.fail(job, true, 'another')).rejects.toMatchObject({ reason: 'completed' });
      const error = `timed out after 5 s; ${said}`;
      expect(await attemptsOf(run, 'a')).toEqual([{ outcome: 'timed_out', error }]);
      await fixture.fail(await fixture.claimed(), false);
      expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped' });
    }
  });

  it('is in each heartbeat response, with the rest of the grace period', async () => {
    await fixture.run(timed);
    const job = await fixture.claimed();
    expect(await beat(job)).toEqual({ ttlSecs: 30, stop: null, drain: null });
    await fixture.environment.advance(5_000);
    expect(await beat(job)).toEqual({ ttlSecs: 30, stop: { reason: 'timed_out', withinMs: 10_000 }, drain: null });
    await fixture.environment.advance(4_000);
    expect(await beat(job)).toEqual({ ttlSecs: 30, stop: { reason: 'timed_out', withinMs: 6_000 }, drain: null });
  });

  it('is sent to its session once, and its report returns the credit', async () => {
    const jobs: ClaimedJob[] = [];
    const events: LeaseEvent[] = [];
    const session = fixture.engine.openSession(
      {
        caller: fixture.caller,
        workerId: 'w1',
        labels: [],
        leaseTtlSecs: 30,
        slots: 1,
        version: '',
        onlyLabelled: false,
      },
      {
        hasRoom: () => true,
        jobs: (pushed) => jobs.push(...pushed),
        leaseEvent: (event) => events.push(event),
        drain: () => {},
        failed: (error) => {
          throw error;
        },
      },
    );
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x, timeout: 5, retries: 1 } }');
    await settled();
    const first = jobs[0] as ClaimedJob;
    session.received([first.leaseId]);
    await fixture.environment.advance(5_000);
    await settled();
    expect(events).toEqual([{ kind: 'stop', leaseId: first.leaseId, reason: 'timed_out', withinMs: 10_000 }]);
    expect(jobs).toHaveLength(1);
    await fixture.fail(first, true, 'timed out after 5 s');
    session.reported(first.leaseId, false);
    await settled();
    expect(jobs.map(({ attempt }) => attempt)).toEqual([0, 1]);
    expect(events).toHaveLength(1);
  });

  it('is lost to its session after the grace period', async () => {
    const events: LeaseEvent[] = [];
    const watch = fixture.engine.watchLeases((event) => events.push(event));
    await fixture.run('jobs: { a: { run: x, timeout: 5 } }');
    const job = await fixture.claimed();
    watch.add(job.leaseId);
    await fixture.environment.advance(15_000);
    await settled();
    expect(events.map(({ kind }) => kind)).toEqual(['stop', 'lost']);
    watch.stop();
  });

  it('cannot be released, nor claimed again with its request id', async () => {
    await fixture.run(timed);
    const requestId = '0190a0a0-0000-7000-8000-000000000000';
    const job = await fixture.claimed({ requestId });
    await fixture.environment.advance(5_000);
    await expect(release(job)).rejects.toMatchObject({ reason: 'lease_expired' });
    expect(await fixture.claim({ requestId })).toBeNull();
    await fixture.fail(job, true);
  });

  it('waits for its backoff after it has stopped', async () => {
    const run = await fixture.run('jobs: { a: { run: x, timeout: 5, retries: 1, backoff: { fixed: 30 } } }');
    const job = await fixture.claimed();
    await fixture.environment.advance(8_000);
    await fixture.fail(job, true);
    await fixture.environment.advance(29_999);
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(1);
    expect((await fixture.claimed()).attempt).toBe(1);
    expect(await fixture.statuses(run)).toEqual({ a: 'running' });
  });

  it('has its whole grace period again after a restart', async () => {
    await fixture.run(timed);
    const job = await fixture.claimed();
    await fixture.environment.advance(12_000);
    await fixture.restart();
    await fixture.environment.advance(9_000);
    expect(await beat(job)).toEqual({ ttlSecs: 30, stop: { reason: 'timed_out', withinMs: 1_000 }, drain: null });
    expect(await fixture.claim()).toBeNull();
    await fixture.fail(job, true);
    expect((await fixture.claimed()).attempt).toBe(1);
  });

  it('is cancelled when its run is, without extending its grace period', async () => {
    const run = await fixture.run('jobs: { a: { run: x, timeout: 5 }, clean: { run: x, needs: a, if: always() } }');
    const job = await fixture.claimed();
    await fixture.environment.advance(8_000);
    await cancel(run);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', clean: 'queued' });
    expect(await beat(job)).toEqual({ ttlSecs: 30, stop: { reason: 'cancelled', withinMs: 7_000 }, drain: null });
    await fixture.environment.advance(7_000);
    expect((await fixture.claimed()).jobKey).toBe('clean');
  });
});

describe('a job that is cancelled while it runs', () => {
  const cleaned = `
    jobs:
      a: { run: x }
      b: { run: x, needs: a }
      clean: { run: x, needs: b, if: always() }
  `;

  it("is cancelled immediately; its clean-up starts after its worker's report, which is refused", async () => {
    const run = await fixture.run(cleaned);
    const job = await fixture.claimed();
    await cancel(run);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', b: 'cancelled', clean: 'queued' });
    await fixture.environment.advance(3_000);
    expect(await fixture.claim()).toBeNull();
    await log(job, 0, 'trap\n');
    for (let times = 0; times < 2; times++) {
      await expect(fixture.fail(job, false, 'cancelled')).rejects.toMatchObject({ reason: 'cancelled' });
    }
    expect((await fixture.claimed()).jobKey).toBe('clean');
    await log(job, 1, 'more\n');
    expect(await readLog(run, 'a')).toBe('trap\nmore\n');
  });

  it('is waited for until the grace period or its lease is over', async () => {
    for (const [leaseTtlSecs, ms] of [
      [30, 10_000],
      [4, 4_000],
    ] as const) {
      const run = await fixture.run(cleaned);
      await fixture.claimed({ leaseTtlSecs });
      await cancel(run);
      await fixture.environment.advance(ms - 1);
      expect(await fixture.claim()).toBeNull();
      await fixture.environment.advance(1);
      const clean = await fixture.claimed();
      expect(clean.jobKey).toBe('clean');
      await fixture.complete(clean);
    }
  });

  it('is waited for across a restart', async () => {
    const run = await fixture.run(cleaned);
    const job = await fixture.claimed();
    await cancel(run);
    await fixture.environment.advance(8_000);
    await fixture.restart();
    await fixture.environment.advance(8_000);
    expect(await fixture.claim()).toBeNull();
    await expect(fixture.complete(job)).rejects.toMatchObject({ reason: 'cancelled' });
    expect((await fixture.claimed()).jobKey).toBe('clean');
  });

  it('occupies a slot of its worker until it has stopped', async () => {
    const run = await fixture.run(cleaned);
    const job = await fixture.claimed();
    await cancel(run);
    const busy = async () => (await fixture.engine.listWorkers({ limit: 10, offset: 0 }))[0]?.running;
    expect(await busy()).toBe(1);
    await expect(fixture.fail(job)).rejects.toMatchObject({ reason: 'cancelled' });
    expect(await busy()).toBe(0);
  });

  it('does not delay the clean-up of other branches', async () => {
    const run = await fixture.run(`
      jobs:
        slow: { run: x, priority: 1 }
        other: { run: x }
        clean: { run: x, needs: other, if: always() }
    `);
    const slow = await fixture.claimed();
    expect(slow.jobKey).toBe('slow');
    await cancel(run);
    expect((await fixture.claimed()).jobKey).toBe('clean');
  });

  it('is not waited for by jobs that a forced cancel ends', async () => {
    const run = await fixture.run(cleaned);
    const job = await fixture.claimed();
    await cancel(run);
    await fixture.cancel(run, { force: true });
    expect(await fixture.runState(run)).toBe('cancelled');
    await expect(fixture.fail(job)).rejects.toMatchObject({ reason: 'cancelled' });
    expect(await fixture.claim()).toBeNull();
  });

  it('counts as stopped when it is released', async () => {
    const run = await fixture.run(cleaned);
    const job = await fixture.claimed();
    await cancel(run);
    await expect(release(job)).rejects.toMatchObject({ reason: 'cancelled' });
    expect((await fixture.claimed()).jobKey).toBe('clean');
  });
});
