import { expect, onTestFinished, test } from 'vitest';
import { states } from '../support/api.js';
import { scaled } from '../support/machine.js';
import { allGone, killWithTest } from '../support/processes.js';
import { startServerProcess } from '../support/server-process.js';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

test('a job that exceeds its timeout fails with a clear message, its processes end, and it is retried', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { graceSecs: 1 });
  const run = await api.start({
    name: 'slow',
    jobs: {
      first: { run: 'true' },
      slow: { needs: 'first', timeout: 1, retries: 1, run: 'echo "pid $$"; sleep 300' },
      after: { needs: 'slow', run: 'true' },
    },
  });
  const ended = await api.ended(run);
  expect(states(ended)).toEqual({ first: 'success', slow: 'failure', after: 'skipped' });
  expect(ended.jobs[1]).toMatchObject({ attempt: 1, output: 'timed out after 1 s' });
  const pids = [...(await api.logText(run, 'slow')).matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(2);
  await allGone(pids);
});

test('the server ends the attempt of a frozen worker, and another worker gets the retry', async () => {
  const server = await sharedServer();
  const api = server.api();
  const frozen = await startWorkerProcess(server, { id: 'frozen', leaseTtlSecs: 600 });
  const run = await api.start({
    name: 'frozen',
    jobs: { slow: { timeout: 2, retries: 1, run: 'echo "pid $$"; [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ] || sleep 300' } },
  });
  const [, pid] = await api.logMatch(run, 'slow', /pid (\d+)/);
  killWithTest(Number(pid));
  frozen.program.signal('SIGSTOP');
  onTestFinished(() => frozen.program.signal('SIGCONT'));

  await startWorkerProcess(server, { id: 'fresh' });
  const ended = await api.ended(run);
  expect(ended.jobs[0]).toMatchObject({ status: 'success', attempt: 1, worker_id: 'fresh' });

  // After it thaws, the worker reads the pending timeout message or learns that the lease is gone. It ends the job's
  // processes, and its reports are ignored.
  frozen.program.signal('SIGCONT');
  expect(['timed_out', 'lost']).toContain((await frozen.event('job-ended', 'slow')).outcome);
  await allGone([Number(pid)]);
  expect((await api.status(run)).jobs[0]).toMatchObject({ status: 'success', attempt: 1, worker_id: 'fresh' });
});

test('without retries the job of a silent worker fails after its timeout and the grace period, even if its lease would last longer', async () => {
  const server = await startServerProcess({ env: { STOP_GRACE_SECS: '2' } });
  const api = server.api();
  const run = await api.start({ name: 'silent', jobs: { slow: { timeout: 1, run: 'x' } } });
  const claim = await api.claimed('w', { ttlSecs: 3_600 });
  expect(claim.job.timeout_secs).toBe(1);
  const ended = await api.ended(run);
  expect(ended.jobs[0]).toMatchObject({ status: 'failure', output: 'timed out after 1 s' });
  const duration = (ended.ended_at_ms ?? 0) - claim.lease.granted_at_ms;
  expect(claim.lease).toMatchObject({ stop_grace_secs: 2 });
  expect(duration).toBeGreaterThanOrEqual(3_000);
  expect(duration).toBeLessThan(scaled(13_000));
  for (const answer of [await api.complete(claim), await api.heartbeat(claim)]) {
    expect(answer).toMatchObject({ status: 409, body: { reason: 'lease_expired' } });
  }
});
