import { expect, test } from 'vitest';
import { type Api, states } from '../support/api.js';
import { scaled, shortLease } from '../support/machine.js';
import { killWithTest } from '../support/processes.js';
import { startServerProcess } from '../support/server-process.js';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.js';

/** The lease time of the leases that expire here. */
const ttlSecs = shortLease(1);

/** Waits until the job runs on the worker, and kills the worker without a chance to report. */
async function killAtWork(api: Api, worker: WorkerProcess, run: string, key: string): Promise<void> {
  const { attempt } = await worker.event('job-started', key);
  const [, pid] = await api.logMatch(run, key, new RegExp(`shell of ${attempt} is (\\d+)`));
  killWithTest(Number(pid));
  worker.program.signal('SIGKILL');
  await worker.program.ended;
}

test('the job of a killed worker goes to another worker after its lease has expired', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const doomed = await startWorkerProcess(server, { leaseTtlSecs: ttlSecs });
  const run = await api.start({
    name: 'lost',
    jobs: {
      first: { run: 'true' },
      work: {
        needs: 'first',
        retries: 1,
        run: 'echo "shell of $WORKFLOW_GRAPH_ATTEMPT is $$"; [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ] || sleep 60',
      },
      last: { needs: 'work', run: 'true' },
    },
  });
  await killAtWork(api, doomed, run, 'work');
  const killedAt = Date.now();
  const other = await startWorkerProcess(server);
  const ended = await api.ended(run);
  expect(states(ended)).toEqual({ first: 'success', work: 'success', last: 'success' });
  expect(ended.jobs[1]).toMatchObject({ attempt: 1, worker_id: other.id });
  // The lease lasts for this long from its last renewal; no other worker gets the job before that.
  expect(ended.jobs[1]?.started_at).toBeLessThan(killedAt + scaled(15_000));
});

test('after its last allowed attempt the job fails with the reason, and its dependents are skipped', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const run = await api.start({
    name: 'lost twice',
    jobs: {
      first: { run: 'true' },
      work: { needs: 'first', retries: 1, run: 'echo "shell of $WORKFLOW_GRAPH_ATTEMPT is $$"; sleep 60' },
      after: { needs: 'work', run: 'true' },
      report: { needs: 'work', if: 'failure()', run: 'true' },
    },
  });
  for (const id of ['doomed-0', 'doomed-1']) {
    const doomed = await startWorkerProcess(server, { id, leaseTtlSecs: ttlSecs });
    await killAtWork(api, doomed, run, 'work');
  }
  const work = await api.jobIs(run, 'work', 'failure');
  expect(work.attempt).toBe(1);
  expect(work.output).toBe(`lease expired: no heartbeat from worker "doomed-1" for ${ttlSecs} s`);
  await startWorkerProcess(server);
  const ended = await api.ended(run);
  expect(ended.state).toBe('failure');
  expect(states(ended)).toEqual({ first: 'success', work: 'failure', after: 'skipped', report: 'success' });
});

test('a busy worker keeps its job for many times the lease time', async () => {
  const server = await startServerProcess();
  const api = server.api();
  await startWorkerProcess(server, { leaseTtlSecs: ttlSecs });
  await startWorkerProcess(server, { leaseTtlSecs: ttlSecs });
  const run = await api.start({ name: 'long', jobs: { work: { retries: 3, run: `sleep ${4 * ttlSecs}; echo done` } } });
  expect((await api.ended(run)).jobs[0]).toMatchObject({ status: 'success', attempt: 0 });
  expect(await api.logText(run, 'work')).toBe('done\n');
});

test('lease times are clamped, and the response has the value in use', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const jobs = Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, { run: 'x' }]));
  await api.start({ name: 'clamped', jobs });
  for (const [asked, used] of [
    [0, 1],
    [1, 1],
    [86_400, 86_400],
    [1_000_000, 86_400],
  ] as const) {
    const { lease } = await api.claimed('w', { ttlSecs: asked });
    expect(lease.ttl_secs).toBe(used);
  }
  await api.start({ name: 'absent', jobs: { a: { run: 'x' } } });
  expect((await api.claimed('w')).lease.ttl_secs).toBe(30);
});
