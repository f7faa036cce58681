import { expect, test } from 'vitest';
import { runningTime, scaled } from '../support/machine.js';
import { sharedServer } from '../support/shared-server.js';
import { until } from '../support/until.js';

test('a waiting claim gets a job within milliseconds after it becomes claimable', async () => {
  const server = await sharedServer();
  const api = server.api();
  const workflow = await api.define({ name: 'chain', jobs: { a: { run: 'x' }, b: { run: 'x', needs: 'a' } } });
  const waits: number[] = [];
  for (let i = 0; i < 25; i++) {
    const parked = api.claimed('w');
    // A response to another call shows that the claim, sent before it, has reached the server.
    await api.workers();
    const run = await api.run(workflow);
    const startedAt = runningTime();
    const first = await parked;
    waits.push(runningTime() - startedAt);

    const waiting = api.claimed('w');
    await api.workers();
    await api.complete(first);
    const completedAt = runningTime();
    const second = await waiting;
    waits.push(runningTime() - completedAt);
    expect(second.job).toMatchObject({ job_id: 'b', workflow_id: run });
    await api.complete(second);
  }
  // The fastest quarter, since a busy machine delays some calls. Polling every 100 ms would fail this.
  waits.sort((a, b) => a - b);
  expect(waits[Math.floor(waits.length / 4)]).toBeLessThan(scaled(25));
});

test('a waiting claim returns null when its time is up, and not before', async () => {
  const server = await sharedServer();
  const api = server.api();
  const began = performance.now();
  expect(await api.claim('w', { waitSecs: 0.5 })).toBeNull();
  expect(performance.now() - began).toBeGreaterThanOrEqual(490);
});

test('a claim whose caller has disconnected takes no job', async () => {
  const server = await sharedServer();
  const api = server.api();
  for (let i = 0; i < 20; i++) {
    const gone = new AbortController();
    const body = JSON.stringify({ worker_id: `gone-${i}`, labels: [], wait_secs: 60 });
    const parked = fetch(`${server.url}/api/jobs/claim`, { method: 'POST', body, signal: gone.signal });
    await until(`worker gone-${i} is known`, async () =>
      (await api.workers()).some((w) => w.worker_id === `gone-${i}`),
    );
    gone.abort();
    await expect(parked).rejects.toThrow();
  }
  // The server notices a closed connection after a moment; a job assigned to one is released without counting an
  // attempt.
  const run = await api.start({ name: 'one', jobs: { a: { run: 'x' } } });
  const claim = await api.claimed('alive');
  expect(claim.job).toMatchObject({ workflow_id: run, attempt: 0 });
});

test('with many waiting workers each job goes to exactly one', async () => {
  const server = await sharedServer();
  const api = server.api();
  const jobsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`j${i}`, { run: 'x' }]));
  const workflow = await api.define({ name: 'many', jobs: jobsOf(40) });
  const rest = await api.define({ name: 'rest', jobs: jobsOf(20) });
  const got: string[] = [];
  const claims = Array.from({ length: 60 }, async (_, i) => {
    const { job } = await api.claimed(`w${i}`);
    got.push(`${job.workflow_id}/${job.job_id}`);
  });
  await api.run(workflow);
  await until('40 workers have a job', () => got.length >= 40);
  await api.workers();
  expect(got).toHaveLength(40);
  await api.run(rest);
  await Promise.all(claims);
  expect(new Set(got).size).toBe(60);
});
