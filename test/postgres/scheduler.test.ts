import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { runningTime, scaled } from '../support/machine.js';
import { claim, define, Engines, startRun, stateOf } from '../support/postgres/engines.js';
import { createTestDatabase } from '../support/postgres/test-database.js';
import { runProgram, startProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

describe('servers without loops', () => {
  let engines: Engines;

  beforeEach(async () => {
    engines = await Engines.start(0);
    engines.reapIntervalMs = 60_000;
  });
  afterEach(() => engines.end());

  it('leave expired leases to a process that runs the loops, which is notified in time', async () => {
    const api = await engines.join(engines.url, { withoutLoops: true });
    engines.members.push(api);
    await define(api.engine, 'w', 'jobs: { a: { run: x, retries: 1 } }');
    const run = await startRun(api.engine, 'w');
    await claim(api.engine, { leaseTtlSecs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await engines.query('select outcome from attempts')).toEqual([{ outcome: null }]);

    // It starts late, and polls; it gets a notification of the next lease.
    engines.members.push(await engines.join());
    await until('the job is queued again', async () => (await claim(api.engine, { leaseTtlSecs: 1 })).length === 1);
    const startedAt = runningTime();
    await until('the run fails', async () => (await stateOf(api.engine, run)) === 'failure');
    expect(runningTime() - startedAt).toBeLessThan(scaled(3_000));
  });

  it('leave retries whose delay is over to it', async () => {
    const api = await engines.join(engines.url, { withoutLoops: true });
    engines.members.push(api, await engines.join());
    await define(api.engine, 'w', 'jobs: { a: { run: x, retries: 1, backoff: { fixed: { delay: 1 } } } }');
    await startRun(api.engine, 'w');
    const [job] = await claim(api.engine);
    await api.engine.failJob({ credential: null }, job?.leaseId ?? '', { error: 'no', retryable: true });
    const startedAt = runningTime();
    expect(await claim(api.engine, { waitMs: scaled(20_000) })).toMatchObject([{ attempt: 1 }]);
    expect(runningTime() - startedAt).toBeLessThan(scaled(3_000));
  });
});

describe('the command', () => {
  it('scheduler runs the loops for serve with API_ONLY', async () => {
    const database = await createTestDatabase(inject('postgresUrl'));
    const env = { DATABASE_URL: database.url };
    const server = await startServerProcess({ env: { ...env, API_ONLY: '1' } });
    const scheduler = startProgram(['scheduler'], { env: { ...env, LOG_FORMAT: 'json' } });
    await scheduler.printed(/"msg":"scheduling"/);
    const api = server.api();
    const run = await api.start({ name: 'w', jobs: { a: { run: 'x' } } });
    await api.claim('w', { ttlSecs: 1 });
    expect((await api.ended(run)).jobs[0]?.status).toBe('failure');
    scheduler.signal('SIGTERM');
    expect(await scheduler.ended).toEqual({ code: 0, signal: null });
    await server.stop();
    await database.drop();
  });

  it('scheduler, and serve with API_ONLY, require PostgreSQL', async () => {
    const scheduler = await runProgram(['scheduler']);
    expect(scheduler).toMatchObject({ code: 2, stderr: expect.stringContaining('DATABASE_URL is not set') });
    const server = await runProgram(['serve', '--api-only'], { cwd: '/tmp' });
    expect(server).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('API_ONLY is set but DATABASE_URL is not'),
    });
  });
});
