import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expect, test } from 'vitest';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import type { NewLogChunk } from '../../src/engine/engine.js';
import { RawConnection } from './raw-connection.js';
import { claimBuild, type StartOptions, startServer } from './start-server.js';

const path = '/api/workflows/ci/jobs/build/logs/stream';
const line = (sequence: number, data = `line ${sequence}\n`) =>
  ({ runId: '', jobKey: '', sequence, data, timestampMs: 5, stream: 'stdout' }) as const;

/** A server with a running job: `push` writes to its log, and `endLog` ends the job and its log. */
async function startWithJob(options: StartOptions = {}) {
  const server = await startServer(options);
  const { fixture } = server;
  const job = await claimBuild(server);
  const push = (...chunks: NewLogChunk[]) => fixture.engine.pushLogs(fixture.caller, job.leaseId, chunks);
  return { ...server, engine: server.engine, runId: job.runId, push, endLog: () => fixture.complete(job) };
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

test('stored chunks come first, then new ones, then the end', async () => {
  const { url, engine, runId, push, endLog } = await startWithJob();
  await push(line(1, 'a\nb'));
  const response = await fetch(`${url}${path}`);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  await untilTrue(() => engine.followers === 1);
  await push({ ...line(2), stream: 'stderr' });
  await endLog();
  expect(await response.text()).toBe(
    'retry: 2000\n\n' +
      `event: log\nid: 0.1.stdout\ndata: {"workflow_id":"${runId}","job_id":"build","sequence":1,"data":"a\\nb","timestamp_ms":5,"stream":"stdout","attempt":0,"missing_bytes":null,"system_line":null}\n\n` +
      `event: log\nid: 0.2.stderr\ndata: {"workflow_id":"${runId}","job_id":"build","sequence":2,"data":"line 2\\n","timestamp_ms":5,"stream":"stderr","attempt":0,"missing_bytes":null,"system_line":null}\n\n` +
      'event: end\ndata: {}\n\n',
  );
});

test('Last-Event-ID resumes after that chunk', async () => {
  const { url, push, endLog } = await startWithJob();
  await push(...[1, 2, 3].map((sequence) => line(sequence)));
  await endLog();
  const response = await fetch(`${url}${path}`, { headers: { 'last-event-id': '0.2.stdout' } });
  expect((await response.text()).match(/^id: .*/gm)).toEqual(['id: 0.3.stdout']);
});

test('a job that does not exist is 404 and no stream', async () => {
  const { url, runId } = await startWithJob();
  const response = await fetch(`${url}/api/workflows/ci/jobs/missing/logs/stream`);
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ code: 'not_found', message: `job "missing" of run ${runId} does not exist` });
});

test('comments keep a quiet stream alive', async () => {
  const { url, engine, endLog } = await startWithJob({ limits: { eventCommentMs: 30 } });
  const response = await fetch(`${url}${path}`);
  await untilTrue(() => engine.followers === 1);
  await pause(100);
  await endLog();
  expect(await response.text()).toMatch(/^retry: 2000\n\n(: still here\n\n)+event: end\ndata: \{\}\n\n$/);
});

test('a reader that disconnects ends the follower', async () => {
  const { url, engine } = await startWithJob();
  const abort = new AbortController();
  await fetch(`${url}${path}`, { signal: abort.signal });
  await untilTrue(() => engine.followers === 1);
  abort.abort();
  await untilTrue(() => engine.followers === 0);
});

test('a reader that stops reading causes backpressure instead of filling the memory', async () => {
  const { port, engine, push } = await startWithJob();
  for (let sequence = 0; sequence < 2_000; sequence += 100) {
    await push(...Array.from({ length: 100 }, (_, i) => line(sequence + i, 'x'.repeat(20_000))));
  }
  let taken = 0;
  const follow = engine.followJobLogs.bind(engine);
  engine.followJobLogs = async function* (query, signal) {
    for await (const batch of follow(query, signal)) {
      taken += batch.chunks.length;
      yield batch;
    }
  };
  const reader = new RawConnection(port);
  await reader.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await reader.until(/still|log/);
  reader.socket.pause();
  await pause(300);
  expect(taken).toBeLessThan(1_500);
  reader.socket.destroy();
});

test('Connect follows the same log', async () => {
  const { url, push, endLog } = await startWithJob();
  await push(line(1), line(2));
  await endLog();
  const client = createClient(LogService, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
  const got: (readonly [string, number])[] = [];
  for await (const { chunks, position } of client.followJobLogs({ id: 'ci', jobId: 'build', after: '' })) {
    got.push([position, chunks.length]);
  }
  expect(got).toEqual([['0.2.stdout', 2]]);
});
