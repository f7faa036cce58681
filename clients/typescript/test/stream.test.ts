import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { scaled } from '../../../test/support/machine.js';
import { Client, Worker, type WorkerEvent } from '../src/index.js';
import { startServer } from './harness.js';
import { startRealServer, startStreamWorker } from './real-server.js';

const wait = { timeout: scaled(15_000), interval: 20 };

test('jobs are pushed, logged and reported over the streams', async () => {
  const server = await startRealServer();
  await server.define('jobs: { a: { run: x }, b: { run: y, needs: [a] } }');
  const { events } = startStreamWorker(server.url, {
    executor: async (job, { log, upstreamOutputs }) => {
      await log.stdout(`${job.command}\n`);
      return { from: job.job_id, seen: JSON.stringify(upstreamOutputs) };
    },
  });
  const client = new Client({ serverUrl: server.url });
  const run = await client.runWorkflow('wf');
  const { state, jobs } = await client.wait(run, { intervalMs: 20 });
  expect(state).toBe('success');
  expect(jobs.map(({ outputs }) => outputs)).toEqual([
    { from: 'a', seen: '{}' },
    { from: 'b', seen: '{"a":{"from":"a","seen":"{}"}}' },
  ]);
  expect((await client.logs(run, 'b')).map(({ data }) => data)).toEqual(['y\n']);
  expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  client.close();
});

test('a pushed cancellation ends the job at once', async () => {
  const server = await startRealServer();
  await server.define('jobs: { a: { run: x } }');
  const { events } = startStreamWorker(server.url, {
    executor: (_job, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const run = await server.run('wf');
  await vi.waitUntil(() => events.some(({ type }) => type === 'job-started'), wait);
  const asked = performance.now();
  await server.server.engine.cancelRun({ caller: { credential: null }, id: run, force: false, requestId: null });
  await vi.waitUntil(() => events.some(({ type }) => type === 'job-ended'), wait);
  expect(performance.now() - asked).toBeLessThan(scaled(1_000));
  expect(events.find(({ type }) => type === 'job-ended')).toMatchObject({ outcome: 'cancelled' });
});

test('no more jobs run at once than there are slots, however the attempts end', async () => {
  const server = await startRealServer();
  const keys = Array.from({ length: 20 }, (_, at) => `j${at}`);
  await server.define(`jobs: { ${keys.map((key) => `${key}: { run: x, retries: 1 }`).join(', ')} }`);
  let running = 0;
  let most = 0;
  startStreamWorker(server.url, {
    slots: 3,
    executor: async (job, { attempt }) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(10);
      running -= 1;
      // Outputs that are too large are refused by themselves, and then reported as a failure.
      if (job.job_id === 'j3') return { big: 'x'.repeat(70_000) };
      if (attempt === 0 && job.job_id < 'j15') throw new Error('once more');
      return {};
    },
  });
  const client = new Client({ serverUrl: server.url });
  const { jobs } = await client.wait(await client.runWorkflow('wf'), { intervalMs: 20 });
  expect(most).toBe(3);
  expect(jobs.filter(({ status }) => status !== 'success').map(({ id }) => id)).toEqual(['j3']);
  client.close();
});

test(
  'what is left of a job when its server stops is reported to the server that comes after it',
  async () => {
    const server = await startRealServer();
    await server.define('jobs: { a: { run: x, retries: 0 } }');
    const url = new URL(server.url);
    let finish: () => void = () => {};
    const { events } = startStreamWorker(server.url, {
      executor: async (_job, { log }) => {
        await log.stdout('before\n');
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        await log.stdout('after\n');
        return { ok: 'yes' };
      },
    });
    const run = await server.run('wf');
    await vi.waitUntil(() => events.some(({ type }) => type === 'job-started'), wait);
    await server.stop();
    finish();
    await vi.waitUntil(() => events.some(({ type }) => type === 'server-away'), wait);
    await server.start(url.port);
    const client = new Client({ serverUrl: url.origin });
    const { state, jobs } = await client.wait(run, { intervalMs: 20 });
    expect(state).toBe('success');
    expect(jobs[0]?.outputs).toEqual({ ok: 'yes' });
    expect((await client.logs(run, 'a')).map(({ data }) => data).join('')).toBe('before\nafter\n');
    client.close();
  },
  scaled(60_000),
);

test('a server that speaks HTTP/1.1 alone is worked for over plain HTTP, which is said once', async () => {
  const server = await startServer();
  const events: WorkerEvent[] = [];
  const worker = new Worker({
    serverUrl: server.url,
    logger: (event) => events.push(event),
    executor: async () => ({}),
  });
  const done = worker.run();
  server.push('');
  expect((await server.reported()).reports).toEqual([{ kind: 'complete', body: { outputs: {} } }]);
  server.push('', { jobId: 'second' });
  await server.reported('second');
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(warnings).toEqual([expect.stringMatching(/^no stream: plain HTTP works and gRPC does not/)]);
  await worker.terminate();
  await done;
});

test('a run is watched from a snapshot on, and from any event', async () => {
  const server = await startRealServer();
  await server.define('jobs: { a: { run: x } }');
  startStreamWorker(server.url, { executor: async () => ({}) });
  const client = new Client({ serverUrl: server.url });
  const run = await client.runWorkflow('wf');
  const types: string[] = [];
  let lastEvent = 0;
  let snapshots = 0;
  for await (const changes of client.watch(run)) {
    snapshots += changes.snapshot.length;
    types.push(...changes.events.map(({ type }) => type));
    lastEvent = changes.lastEvent;
  }
  expect(snapshots).toBe(1);
  expect(types.at(-1) ?? 'run.success').toBe('run.success');
  const again: number[] = [];
  for await (const changes of client.watch(run, { afterEvent: 0 })) {
    again.push(...changes.events.map(({ number }) => number));
  }
  expect(again).toEqual([...new Set(again)].sort((a, b) => a - b));
  expect(again.at(-1)).toBe(lastEvent);
  await expect(client.watch('no-such-run').next()).rejects.toMatchObject({ status: 404, code: 'not_found' });
  client.close();
});

test('all runs and workflows are gone through page by page', async () => {
  const server = await startRealServer();
  for (const id of ['a', 'b', 'c']) await server.define('jobs: { x: { run: y } }', id);
  const client = new Client({ serverUrl: server.url });
  const started: string[] = [];
  for (let at = 0; at < 5; at++) started.push(await client.runWorkflow('a'));
  const runs: string[] = [];
  for await (const { run_id } of client.allRuns({ limit: 2 })) runs.push(run_id);
  expect(runs).toEqual(started.reverse());
  const workflows: string[] = [];
  for await (const { id } of client.allWorkflows({ limit: 2 })) workflows.push(id);
  expect(workflows).toEqual(['a', 'b', 'c']);
  client.close();
});
