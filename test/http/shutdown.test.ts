import { setTimeout as pause } from 'node:timers/promises';
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, onTestFinished, test } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { runningTime, scaled } from '../support/machine.js';
import { RawConnection } from './raw-connection.js';
import type { RecordedEngine } from './recorded-engine.js';
import { claimBuild, type RunningServer, startBuild, startServer } from './start-server.js';

const longPoll = { method: 'POST', body: '{"worker_id":"w1","wait_secs":60}' };

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

/** How long the server takes to close, in milliseconds. */
async function closeTime({ server }: RunningServer): Promise<number> {
  const before = runningTime();
  await server.close();
  return runningTime() - before;
}

test('a parked long poll is answered with `null` when the server stops, and the server stops at once', async () => {
  const running = await startServer({ config: { shutdownTimeoutSecs: 15 } });
  const waiting = fetch(`${running.url}/api/jobs/claim`, longPoll);
  await untilTrue(() => running.engine.parked === 1);
  expect(await closeTime(running)).toBeLessThan(scaled(2_000));
  const response = await waiting;
  expect([response.status, await response.text()]).toEqual([200, 'null']);
});

test('an open log stream ends without an `end` event, so that the reader reconnects', async () => {
  const running = await startServer({ config: { shutdownTimeoutSecs: 15 } });
  await startBuild(running);
  const response = await fetch(`${running.url}/api/workflows/ci/jobs/build/logs/stream`);
  await untilTrue(() => running.engine.followers === 1);
  expect(await closeTime(running)).toBeLessThan(scaled(2_000));
  expect(await response.text()).toBe('retry: 2000\n\n');
});

test('gRPC streams end and idle HTTP/2 connections get GOAWAY', async () => {
  const running = await startServer({ config: { shutdownTimeoutSecs: 15 } });
  await startBuild(running);
  const transport = createGrpcTransport({ baseUrl: running.url });
  const followed = (async () => {
    const request = { id: 'ci', jobId: 'build' };
    for await (const _batch of createClient(LogService, transport).followJobLogs(request));
  })();
  await untilTrue(() => running.engine.followers === 1);
  expect(await closeTime(running)).toBeLessThan(scaled(2_000));
  await followed.catch(() => {});
});

test('a request in progress finishes, an idle connection is closed', async () => {
  const running = await startServer({ config: { shutdownTimeoutSecs: 15 } });
  const { leaseId } = await claimBuild(running);
  const idle = new RawConnection(running.port);
  await idle.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await idle.until(/alive/);
  const busy = new RawConnection(running.port);
  await busy.write(`POST /api/jobs/${leaseId}/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{`);
  await pause(20);
  const closing = running.server.close();
  await idle.untilClosed();
  await busy.write('}');
  const answer = await busy.untilClosed();
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  await closing;
});

test('a request that does not finish in time is cut off', async () => {
  const running = await startServer({ config: { shutdownTimeoutSecs: 0.1 } });
  const stuck = new RawConnection(running.port);
  await stuck.write('POST /api/jobs/l1/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{');
  await pause(20);
  expect(await closeTime(running)).toBeLessThan(scaled(2_000));
  await stuck.untilClosed();
});

test('while the server stops a new connection is refused and readiness gives the reason', async () => {
  const running = await startServer();
  const keptAlive = new RawConnection(running.port);
  await keptAlive.write('POST /api/jobs/claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n');
  await pause(20);
  const closing = running.server.close();
  const { port } = running;
  const late = new RawConnection(port);
  expect(await late.untilClosed()).toBe('');
  keptAlive.socket.destroy();
  await closing;
});

/** A claim takes a job at the moment in which its caller disconnects. Returns the lease ids. */
function claimAsCallersLeave(engine: RecordedEngine): string[] {
  const leases: string[] = [];
  const { claimJobs } = engine;
  engine.claimJobs = async (input, patience) => {
    await claimJobs(input, patience);
    const jobs = await claimJobs({ ...input, labels: ['late'], waitMs: 0 }, null);
    leases.push(...jobs.map(({ leaseId }) => leaseId));
    return jobs;
  };
  return leases;
}

test('a job claimed for a caller that hung up is released at once', async () => {
  const { engine, fixture, url } = await startServer();
  await fixture.run('name: Late\njobs: { late: { run: x, labels: late } }\n');
  const abort = new AbortController();
  const waiting = fetch(`${url}/api/jobs/claim`, { ...longPoll, signal: abort.signal }).catch(() => 'gone');
  await untilTrue(() => engine.parked === 1);
  const orphans = claimAsCallersLeave(engine);
  const second = new AbortController();
  const orphan = fetch(`${url}/api/jobs/claim`, { ...longPoll, signal: second.signal }).catch(() => 'gone');
  await untilTrue(() => engine.parked === 2);
  abort.abort();
  second.abort();
  expect(await Promise.all([waiting, orphan])).toEqual(['gone', 'gone']);
  await untilTrue(() => engine.released.length > 0);
  expect(engine.released).toEqual(orphans);
  expect(engine.parked).toBe(0);
  expect((await fixture.claimed({ labels: ['late'] })).attempt, 'it counted no attempt').toBe(0);
});

test('a gRPC caller that hung up gets no job either', async () => {
  const { engine, fixture, url } = await startServer();
  await fixture.run('name: Late\njobs: { late: { run: x, labels: late } }\n');
  const { JobService } = await import('../../gen/workflowgraph/v1/job_service_pb.js');
  const client = createClient(JobService, createGrpcTransport({ baseUrl: url }));
  const orphans = claimAsCallersLeave(engine);
  const abort = new AbortController();
  const waiting = client.claimJob({ workerId: 'w1', waitSecs: 60 }, { signal: abort.signal });
  await untilTrue(() => engine.parked === 1);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: Code.Canceled });
  await untilTrue(() => engine.released.length > 0);
  expect(engine.released).toEqual(orphans);
});

test('the health service follows readiness', async () => {
  const running = await startServer();
  const health = createClient(Health, createGrpcTransport({ baseUrl: running.url }));
  expect((await health.check({})).status).toBe(1);
  expect((await health.check({ service: 'workflowgraph.v1.JobService' })).status).toBe(1);
  await expect(health.check({ service: 'nobody' })).rejects.toMatchObject({ code: Code.NotFound });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const watch = health.watch({}, { signal: abort.signal })[Symbol.asyncIterator]();
  expect((await watch.next()).value?.status).toBe(1);
  running.engine.ready = async () => ({ ready: false, reason: 'the store does not answer' });
  expect((await watch.next()).value?.status).toBe(2);
  const response = await fetch(`${running.url}/readyz`);
  expect([response.status, await response.json()]).toEqual([
    503,
    { ready: false, reason: 'the store does not answer' },
  ]);
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
});
