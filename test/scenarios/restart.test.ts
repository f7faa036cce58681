import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { runningTime, scaled, shortLease } from '../support/machine.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** Each job ends when the test creates a file in its worker's folder. */
const gated =
  'echo begun; until [ -e "$WORKFLOW_GRAPH_JOB_ID.go" ]; do sleep 0.05; done; echo "::set-output done=$WORKFLOW_GRAPH_JOB_ID"';

const definition = {
  name: 'restarted',
  jobs: {
    before: { run: 'true' },
    during: { needs: 'before', run: gated },
    away: { needs: 'before', run: gated },
    after: { needs: ['during', 'away'], run: 'echo "$NEEDS_DURING_DONE and $NEEDS_AWAY_DONE"' },
    retried: { needs: 'before', run: '[ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ]', retries: 1, backoff: { fixed: 2 } },
  },
};

test.each(['stop', 'kill'] as const)('a run continues when the server restarts in the middle: %s', async (how) => {
  const { writeFileSync } = await import('node:fs');
  const folder = temporaryFolder();
  const letGo = (job: string) => writeFileSync(`${folder}/${job}.go`, '');
  const server = await startServerProcess();
  const api = server.api();
  const worker = await startWorkerProcess(server, { slots: 3, workdir: folder });
  const run = await api.start(definition);
  await api.logMatch(run, 'during', /begun/);
  await api.logMatch(run, 'away', /begun/);
  await worker.event('job-ended', 'retried');

  const ended = await server[how]();
  if (how === 'stop') expect(ended).toEqual({ code: 0, signal: null });
  // This job ends while the server is down.
  letGo('away');
  await worker.event('server-away');
  await server.start();

  expect(states(await api.status(run))).toMatchObject({ before: 'success', during: 'running' });
  letGo('during');
  const over = await api.ended(run);
  expect(over.state).toBe('success');
  expect(over.jobs.map((job) => [job.id, job.attempt])).toEqual([
    ['before', 0],
    ['during', 0],
    ['away', 0],
    ['after', 0],
    ['retried', 1],
  ]);
  expect(await api.logText(run, 'after')).toBe('during and away\n');
  expect(await api.logText(run, 'during')).toBe('begun\n::set-output done=during\n');
  const refused = worker.events().filter((event) => event.type === 'report-refused' || event.type === 'logs-dropped');
  expect(refused).toEqual([]);
});

test('after a restart a lease gets its full time again, and then expires', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const ttlSecs = shortLease(2);
  const run = await api.start({ name: 'grace', jobs: { a: { run: 'x', retries: 1 } } });
  const claim = await api.claimed('w1', { ttlSecs });
  await server.kill();
  // Longer than the lease time: without the grace period it would have expired when the server is back.
  await new Promise((resolve) => setTimeout(resolve, ttlSecs * 1_000 + 200));
  await server.start();
  const backAt = Date.now();
  expect((await api.heartbeat(claim)).status).toBe(200);

  await server.kill();
  await server.start();
  const next = await api.claimed('w2');
  expect(next.job.attempt).toBe(1);
  expect(next.lease.granted_at_ms - backAt).toBeGreaterThan(ttlSecs * 1_000 - 100);
  expect(await api.complete(claim)).toMatchObject({ status: 409, body: { reason: 'superseded' } });
  await api.complete(next);
  expect((await api.ended(run)).state).toBe('success');
});

test('a stopping server ends parked claims and log streams without waiting for them', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const run = await api.start({ name: 'parked', jobs: { a: { run: 'x', labels: ['rare'] } } });
  const parked = api.claim('w', { waitSecs: 60 });
  const stream = await fetch(`${server.url}/api/workflows/${run}/jobs/a/logs/stream`);
  const began = runningTime();
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(runningTime() - began).toBeLessThan(scaled(9_000));
  await expect(parked).resolves.toBeNull();
  expect(await stream.text()).not.toContain('event: end');
});
