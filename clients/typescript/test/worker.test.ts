import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { scaled, shortLease } from '../../../test/support/machine.js';
import { type Executor, PermanentError, RetryableError, Worker } from '../src/index.js';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

test('a worker registers before it claims, and says its labels in both', async () => {
  const server = await startServer();
  startWorker(server, { labels: ['linux', 'docker'], slots: 3 });
  await server.until(() => server.parkedClaims === 1);
  const labels = ['linux', 'docker', 'feature:exit-codes', 'feature:workspace'];
  expect(server.seen[0]).toMatchObject({
    path: '/api/workers/register',
    body: { worker_id: 'w1', labels, slots: 3 },
  });
  expect(server.seen[1]).toMatchObject({
    path: '/api/jobs/claim-many',
    body: { worker_id: 'w1', labels, lease_ttl_secs: 30, wait_secs: 20, max_jobs: 3 },
  });
});

test('a server without claims of several jobs is asked for one at a time', async () => {
  const server = await startServer();
  server.fault = { path: /claim-many$/, status: 404, body: { code: 'not_found', message: 'no such path' } };
  startWorker(server, { slots: 3 });
  await server.until(() => server.parkedClaims === 1);
  server.push('true', { jobId: 'a' });
  server.push('true', { jobId: 'b' });
  await Promise.all([server.reported('a'), server.reported('b')]);
  expect(server.seen.filter(({ path }) => path.endsWith('claim-many')).length).toBe(1);
});

test('a worker that the server has forgotten registers again', async () => {
  const server = await startServer();
  startWorker(server, { waitSecs: 1 });
  await server.until(() => server.parkedClaims === 1);
  server.forgetWorkers();
  await server.until(() => server.seen.filter(({ path }) => path.endsWith('/register')).length === 2);
  server.push('echo back');
  expect(logOf(await server.reported())).toBe('back\n');
});

test(
  '200 short jobs on 32 slots each run exactly once',
  async () => {
    const server = await startServer();
    const { events } = startWorker(server, { slots: 32 });
    for (let i = 0; i < 200; i++) server.push(`echo ${i}`, { jobId: `job-${i}` });
    await server.until(
      () => server.attempts.length === 200 && server.attempts.every(({ reports }) => reports.length > 0),
    );
    expect(server.attempts.map((attempt) => logOf(attempt)).sort()).toEqual(
      Array.from({ length: 200 }, (_, i) => `${i}\n`).sort(),
    );
    expect(server.attempts.every(({ reports }) => reports.length === 1)).toBe(true);
    expect(events.filter(({ type }) => type === 'job-started').length).toBe(200);
  },
  scaled(60_000),
);

test('no more jobs run at once than there are slots', async () => {
  const server = await startServer();
  let running = 0;
  let most = 0;
  const executor: Executor = async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(20);
    running -= 1;
  };
  startWorker(server, { slots: 3, executor });
  for (let i = 0; i < 12; i++) server.push('', { jobId: `job-${i}` });
  await server.until(() => server.attempts.filter(({ reports }) => reports.length > 0).length === 12);
  expect(most).toBe(3);
});

test('two workers in one process work side by side', async () => {
  const server = await startServer();
  const first = startWorker(server, { workerId: 'one' });
  const second = startWorker(server, { workerId: 'two' });
  await server.until(() => server.parkedClaims === 2);
  server.push('sleep 0.2; echo $WORKFLOW_GRAPH_WORKER_ID', { jobId: 'a' });
  server.push('sleep 0.2; echo $WORKFLOW_GRAPH_WORKER_ID', { jobId: 'b' });
  const logs = [logOf(await server.reported('a')), logOf(await server.reported('b'))];
  expect(logs.sort()).toEqual(['one\n', 'two\n']);
  await Promise.all([first.worker.stop(), second.worker.stop()]);
});

test('a claim whose answer was lost is repeated with its id, and the job runs once', async () => {
  const server = await startServer();
  server.nextGrant = 'cut';
  server.push('');
  const { events } = startWorker(server);
  await server.reported();
  server.push('echo second', { jobId: 'second' });
  await server.reported('second');
  expect(server.attempts.length).toBe(2);
  expect(events.filter(({ type }) => type === 'job-started').length).toBe(2);
});

test('a job that was granted just as the worker stopped is released unrun', async () => {
  const server = await startServer();
  server.nextGrant = 'withheld';
  server.push('echo never');
  const { worker, events } = startWorker(server);
  const attempt = await server.claimed();
  await worker.stop();
  expect(attempt.reports).toEqual([{ kind: 'release', body: {} }]);
  expect(events.filter(({ type }) => type === 'job-started')).toEqual([]);
});

test('a server that is away is said once, waited for, and said to be back', async () => {
  const server = await startServer();
  await server.stop();
  const { event, events } = startWorker(server);
  expect((await event('server-away')).code).toBe('ECONNREFUSED');
  await sleep(900);
  await server.start();
  server.push('echo hello');
  await server.reported();
  await event('server-back');
  expect(events.map(({ type }) => type).filter((type) => type.startsWith('server-'))).toEqual([
    'server-away',
    'server-back',
  ]);
});

test('a result and a log that the server was away for are reported when it is back', async () => {
  const server = await startServer();
  const { event } = startWorker(server);
  server.push('echo before; sleep 0.4; echo during; echo "::set-output a=b"');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  await server.stop();
  await event('server-away');
  await sleep(1_000);
  await server.start();
  await server.reported();
  expect(logOf(attempt)).toBe('before\nduring\n::set-output a=b\n');
  expect(attempt.reports).toEqual([{ kind: 'complete', body: { outputs: { a: 'b' } } }]);
});

test('a result outlives its lease’s time while the server is away', async () => {
  const leaseTtlSecs = shortLease(2);
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs, executor: async () => void (await sleep(300)) });
  server.push('');
  const attempt = await server.claimed();
  await event('job-started');
  await server.stop();
  await event('server-away');
  await sleep(leaseTtlSecs * 1_000 + 500);
  await server.start();
  await server.reported();
  expect(attempt.reports).toEqual([{ kind: 'complete', body: { outputs: {} } }]);
});

test('a job is ended when its lease ran out unrenewed, and says so when the server is back', async () => {
  const server = await startServer();
  const causes: unknown[] = [];
  const executor: Executor = (_job, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        causes.push((signal.reason as Error).message);
        reject(signal.reason);
      });
    });
  const { event } = startWorker(server, { leaseTtlSecs: 1, executor });
  server.push('');
  const attempt = await server.claimed();
  await event('job-started');
  await server.stop();
  await vi.waitUntil(() => causes.length > 0, scaled(30_000));
  expect(causes).toEqual(['lease expired: the server was not reached for 1 s']);
  await server.start();
  await server.reported();
  expect(attempt.reports[0]).toEqual({
    kind: 'fail',
    body: { error: 'lease expired: the server was not reached for 1 s', retryable: true },
  });
});

test('leases are renewed while a job blocks the event loop for several times their life', async () => {
  const server = await startServer();
  // The server must not be blocked with the worker, so the worker is in another process.
  const { execFile } = await import('node:child_process');
  const script = new URL('./blocking-worker.ts', import.meta.url).pathname;
  const child = execFile(process.execPath, [script, server.url, String(shortLease(1))]);
  server.push('');
  const attempt = await server.reported();
  child.kill('SIGKILL');
  const [report] = attempt.reports;
  expect(report).toEqual({ kind: 'complete', body: { outputs: { blocked: 'yes' } } });
  const gaps = attempt.heartbeatsAtMs.slice(1).map((at, i) => at - (attempt.heartbeatsAtMs[i] ?? 0));
  expect(attempt.heartbeatsAtMs.length).toBeGreaterThan(2);
  expect(Math.max(...gaps)).toBeLessThan(scaled(1_000));
});

test('a refused report is told with its reason, and the worker goes on', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { executor: async () => ({ a: 'b' }) });
  server.fault = {
    path: /complete$/,
    status: 409,
    body: { code: 'conflict', message: 'too late', reason: 'lease_expired' },
  };
  server.push('');
  expect(await event('report-refused')).toMatchObject({ status: 409, reason: 'lease_expired', message: 'too late' });
  server.fault = null;
  server.push('', { jobId: 'next' });
  expect((await server.reported('next')).reports[0]?.kind).toBe('complete');
});

test('outputs that the server cannot take fail the job for good', async () => {
  const server = await startServer();
  startWorker(server, { executor: async () => ({ a: 'b' }) });
  server.fault = { path: /complete$/, status: 413, body: { code: 'too_large', message: 'outputs: at most 1 byte' } };
  server.push('');
  expect((await server.reported()).reports).toEqual([
    { kind: 'fail', body: { error: 'the server refused the result: outputs: at most 1 byte', retryable: false } },
  ]);
});

test.each([
  ['a plain error', new Error('no disk'), { error: 'no disk', retryable: true }],
  ['a RetryableError', new RetryableError('busy'), { error: 'busy', retryable: true }],
  ['a PermanentError', new PermanentError('bad config'), { error: 'bad config', retryable: false }],
  ['something that is no error', 'text', { error: 'text', retryable: true }],
])('an executor that throws %s fails the job', async (_name, thrown, body) => {
  const server = await startServer();
  startWorker(server, {
    executor: async () => {
      throw thrown;
    },
  });
  server.push('');
  expect((await server.reported()).reports).toEqual([{ kind: 'fail', body }]);
});

test('an executor is given the job’s inputs and upstream outputs, and writes its log', async () => {
  const server = await startServer();
  startWorker(server, {
    executor: async (job, { upstreamOutputs, inputs, log, attempt }) => {
      await log.stdout(`${job.command} ${upstreamOutputs.build?.version} ${inputs.env} ${attempt}\n`);
      await log.stderr('done\n');
      return { seen: 'all' };
    },
  });
  server.push('image:1', {
    extra: { attempt: 1, upstream_outputs: { build: { version: '1.2' } }, inputs: { env: 'prod' } },
  });
  const attempt = await server.reported();
  expect(logOf(attempt, 'stdout')).toBe('image:1 1.2 prod 1\n');
  expect(logOf(attempt, 'stderr')).toBe('done\n');
  expect(attempt.reports).toEqual([{ kind: 'complete', body: { outputs: { seen: 'all' } } }]);
});

test('outputs that are no texts fail the job', async () => {
  const server = await startServer();
  startWorker(server, { executor: (async () => ({ count: 3 })) as unknown as Executor });
  server.push('');
  expect((await server.reported()).reports[0]?.body.error).toBe('output "count" must be a text, and is number');
});

test('stop lets running jobs finish and takes no new ones', async () => {
  const server = await startServer();
  const { worker, done, event, events } = startWorker(server);
  server.push('sleep 0.5; echo finished');
  const attempt = await server.claimed();
  await event('job-started');
  const stopped = worker.stop();
  server.push('echo never', { jobId: 'never' });
  await stopped;
  await done;
  expect(logOf(attempt)).toBe('finished\n');
  expect(attempt.reports[0]?.kind).toBe('complete');
  expect(server.attempts.length).toBe(1);
  expect(events.at(-1)).toEqual({ type: 'stopped' });
});

test('jobs that outlast the drain timeout are ended and reported as failures that may be retried', async () => {
  const server = await startServer();
  const { worker, event } = startWorker(server, { drainTimeoutMs: 100 });
  server.push('sleep 600');
  const attempt = await server.claimed();
  await event('job-started');
  await worker.stop();
  expect(attempt.reports).toEqual([{ kind: 'fail', body: { error: 'worker stopped', retryable: true } }]);
});

test('terminate ends running jobs at once', async () => {
  const server = await startServer();
  const { worker, event } = startWorker(server);
  server.push('sleep 600');
  const attempt = await server.claimed();
  await event('job-started');
  void worker.stop();
  await worker.terminate();
  expect(attempt.reports[0]?.body).toEqual({ error: 'worker stopped', retryable: true });
});

test('the signal given to run stops the worker', async () => {
  const server = await startServer();
  const worker = new Worker({ serverUrl: server.url, transport: 'http', logger: () => {} });
  await worker.run(AbortSignal.timeout(100));
});

test('a worker whose token is refused ends with the server’s answer', async () => {
  const server = await startServer();
  server.token = 'right';
  const { done } = startWorker(server, { token: 'wrong' });
  await expect(done).rejects.toMatchObject({ name: 'WorkflowGraphError', status: 401, message: 'a token is needed' });
});

test('a token that is refused later ends the worker when its jobs are done', async () => {
  const server = await startServer();
  server.token = 'first';
  const { done } = startWorker(server, { token: 'first', waitSecs: 1 });
  await server.until(() => server.parkedClaims === 1);
  server.token = 'second';
  await expect(done).rejects.toMatchObject({ status: 401 });
});

test('a log that the server refuses is dropped and said, and the job still ends well', async () => {
  const server = await startServer();
  const { event } = startWorker(server);
  server.fault = { path: /logs$/, status: 413, body: { code: 'too_large', message: 'log: at most 0 bytes' } };
  server.push('echo hello');
  expect((await server.reported()).reports[0]?.kind).toBe('complete');
  expect(await event('logs-dropped')).toMatchObject({ bytes: 6, message: 'log: at most 0 bytes' });
});

test.each([
  [{ serverUrl: 'localhost:3000' }, /not a server's URL/],
  [{ slots: 0 }, /slots must be from 1/],
  [{ leaseTtlSecs: 0.5 }, /leaseTtlSecs must be a whole number/],
  [{ labels: ['ok', ''] }, /labels: "" must have 1 to 100 characters/],
])('options that cannot be are refused: %j', (options, message) => {
  expect(() => new Worker({ logger: () => {}, ...options })).toThrow(message);
});
