import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sharedServer } from '../support/shared-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** Each job records its start and end by the machine's clock. */
const stamped = 'date +%s%N > "$WORKFLOW_GRAPH_JOB_ID.begin"; sleep 0.1; date +%s%N > "$WORKFLOW_GRAPH_JOB_ID.end"';

const needs: Record<string, string[]> = {
  fetch: [],
  lint: [],
  compile: ['fetch'],
  unit: ['compile'],
  docs: ['fetch', 'lint'],
  integration: ['compile', 'lint'],
  package: ['unit', 'integration', 'docs'],
  publish: ['package'],
};

test('no job starts before all its needs have ended, according to the timestamps that the jobs write', async () => {
  const server = await sharedServer();
  const folder = temporaryFolder();
  await startWorkerProcess(server, { slots: 3, workdir: folder });
  await startWorkerProcess(server, { slots: 3, workdir: folder });
  const api = server.api();

  const jobs = Object.fromEntries(Object.entries(needs).map(([key, of]) => [key, { run: stamped, needs: of }]));
  const run = await api.start({ name: 'order', jobs });
  expect((await api.ended(run)).state).toBe('success');

  const stamp = (job: string, what: 'begin' | 'end') => BigInt(readFileSync(join(folder, `${job}.${what}`), 'utf8'));
  for (const [job, of] of Object.entries(needs)) {
    for (const need of of) {
      expect(stamp(job, 'begin'), `${job} starts after ${need} ends`).toBeGreaterThan(stamp(need, 'end'));
    }
  }
});

test('jobs that do not need each other run at the same time', async () => {
  const server = await sharedServer();
  const folder = temporaryFolder();
  await startWorkerProcess(server, { slots: 2, workdir: folder });
  const api = server.api();
  // Each waits for the other: run one after the other, they would never end.
  const meet = (me: string, other: string) => ({
    timeout: 600,
    run: `touch ${me}; until [ -e ${other} ]; do sleep 0.02; done`,
  });
  const run = await api.start({
    name: 'together',
    jobs: { left: meet('left', 'right'), right: meet('right', 'left') },
  });
  expect((await api.ended(run)).state).toBe('success');
});

test('of the claimable jobs the highest priority is claimed first, then the oldest', async () => {
  const server = await sharedServer();
  const api = server.api();
  const job = (priority: number) => ({ run: 'true', priority });
  await api.start({ name: 'a', jobs: { low: job(-1), middle: job(0), high: job(5) } });
  await api.start({ name: 'b', jobs: { middle2: job(0), high2: job(5) } });
  const order: string[] = [];
  for (let count = 0; count < 5; count++) order.push((await api.claimed('w')).job.job_id);
  expect(order).toEqual(['high', 'high2', 'middle', 'middle2', 'low']);
  expect(await api.claim('w')).toBeNull();
});
