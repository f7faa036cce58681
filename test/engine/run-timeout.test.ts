import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

const minuteMs = 60_000;

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const file = `
  timeout: 1h
  jobs:
    build: { run: x }
    test: { needs: build, run: x }
    clean: { needs: test, if: always(), run: x }
`;

const rerun = (id: string) =>
  fixture.engine.rerunRun({
    caller: fixture.caller,
    id,
    failed: true,
    jobs: [],
    dependants: true,
    force: false,
    dryRun: false,
    requestId: null,
  });
const cancelRequests = async () => {
  const { events } = await fixture.engine.listAudit({
    limit: 9,
    pageToken: '',
    action: 'run.cancel_requested',
    subject: '',
  });
  return events.map(({ source, data }) => `${source} ${data}`);
};
/** Renews the lease while time passes. */
async function work(job: Awaited<ReturnType<EngineFixture['claimed']>>, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    await fixture.environment.advance(Math.min(10_000, left));
    await fixture.engine.heartbeatLease(fixture.caller, job.leaseId).catch(() => {});
  }
}

describe('a run that exceeds its timeout', () => {
  it('is cancelled, lets its clean-up jobs run, and ends as a failure', async () => {
    const run = await fixture.run(file);
    const job = await fixture.claimed();
    await work(job, 60 * minuteMs - 1_000);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'running' });
    await work(job, 1_000);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'cancelled', test: 'cancelled', clean: 'queued' });
    await fixture.environment.advance(10_000);
    const clean = await fixture.claimed();
    expect(clean.jobKey).toBe('clean');
    await fixture.complete(clean);
    expect(await fixture.runState(run)).toBe('failure');
    expect((await fixture.engine.workflowStatus(run)).run).toMatchObject({ timedOut: true });
    expect(await cancelRequests()).toEqual(['timeout {"reason":"run_timeout"}']);
    const why = await fixture.engine.explainJob(run, 'test');
    expect(why.reasons[0]?.sentence).toContain('because it took longer than its timeout');
    const { reasons } = await fixture.engine.explainRun(run);
    expect(reasons.map(({ sentence }) => sentence).join()).toContain('because it took longer than its timeout');
  });

  it('gives its clean-up jobs ten minutes, then cancels them too', async () => {
    const run = await fixture.run(file);
    await work(await fixture.claimed(), 60 * minuteMs);
    await fixture.environment.advance(10_000);
    const clean = await fixture.claimed();
    await work(clean, 10 * minuteMs - 10_000 - 1_000);
    expect(await fixture.statuses(run)).toMatchObject({ clean: 'running' });
    await work(clean, 1_000);
    expect(await fixture.statuses(run)).toMatchObject({ clean: 'cancelled' });
    expect(await fixture.runState(run)).toBe('failure');
    expect(await cancelRequests()).toEqual([
      'timeout {"reason":"run_timeout","forced":true}',
      'timeout {"reason":"run_timeout"}',
    ]);
  });

  it('is cancelled at the same time after a restart', async () => {
    const run = await fixture.run(file);
    const job = await fixture.claimed();
    await work(job, 59 * minuteMs);
    await fixture.restart();
    await work(job, minuteMs);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'cancelled', test: 'cancelled' });
  });

  it('is cancelled in ranges if it is large', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, at) => `    j${at}: { run: x }`).join('\n');
    const run = await fixture.run(`  timeout: 1m\n  jobs:\n${jobs}\n`);
    await soon(async () => (await fixture.claim()) !== null);
    await fixture.environment.advance(minuteMs);
    await soon(async () => (await fixture.runState(run)) === 'failure');
  });
});

describe('the timeout of a run', () => {
  it('counts from its first claim, not from its start', async () => {
    const run = await fixture.run(file);
    await fixture.environment.advance(3 * 60 * minuteMs);
    const job = await fixture.claimed();
    await work(job, 59 * minuteMs);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'running' });
    await fixture.complete(job);
    await fixture.complete(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
    await fixture.environment.advance(60 * minuteMs);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('counts from its admission if it waited for its group', async () => {
    const id = await fixture.define('{ timeout: 1h, concurrency: deploy, jobs: { ship: { run: x } } }');
    const { runId: first } = await fixture.startRun(id);
    const { runId: second } = await fixture.startRun(id);
    const job = await fixture.claimed();
    await work(job, 50 * minuteMs);
    await fixture.complete(job);
    await soon(async () => (await fixture.engine.workflowStatus(second)).run?.held === false);
    await fixture.environment.advance(59 * minuteMs);
    expect(await fixture.runState(second)).toBe('queued');
    await fixture.environment.advance(minuteMs);
    expect(await fixture.runState(second)).toBe('failure');
    expect(await fixture.runState(first)).toBe('success');
  });

  it('starts anew for a re-run', async () => {
    const run = await fixture.run('{ timeout: 1h, jobs: { a: { run: x } } }');
    const job = await fixture.claimed();
    await work(job, 50 * minuteMs);
    await fixture.fail(job);
    await rerun(run);
    const again = await fixture.claimed();
    await work(again, 50 * minuteMs);
    expect(await fixture.statuses(run)).toEqual({ a: 'running' });
    await work(again, 10 * minuteMs);
    expect(await fixture.runState(run)).toBe('failure');
    await fixture.environment.advance(30_000);
    await rerun(run);
    expect((await fixture.engine.workflowStatus(run)).run).toMatchObject({ state: 'running', timedOut: false });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
  });

  it('leaves a run that was cancelled before the timeout in the state cancelled, and bounds its clean-up', async () => {
    const run = await fixture.run(file);
    const job = await fixture.claimed();
    await work(job, 55 * minuteMs);
    await fixture.cancel(run);
    await fixture.environment.advance(10_000);
    const clean = await fixture.claimed();
    await work(clean, 9 * minuteMs);
    expect(await fixture.statuses(run)).toMatchObject({ clean: 'running' });
    await work(clean, minuteMs);
    expect(await fixture.runState(run)).toBe('cancelled');
    expect((await fixture.engine.workflowStatus(run)).run).toMatchObject({ timedOut: false });
  });
});
