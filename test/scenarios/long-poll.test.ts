import { expect, test } from 'vitest';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

test('a waiting claim gets a job within milliseconds of its becoming claimable', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const workflow = await api.define({ name: 'chain', jobs: { a: { run: 'x' }, b: { run: 'x', needs: 'a' } } });
  const waits: number[] = [];
  for (let i = 0; i < 25; i++) {
    const parked = api.claimed('w');
    // Another call that is answered shows that the claim, sent before it, is with the server.
    await api.workers();
    const run = await api.run(workflow);
    const startedAt = performance.now();
    const first = await parked;
    waits.push(performance.now() - startedAt);

    const waiting = api.claimed('w');
    await api.workers();
    await api.complete(first);
    const completedAt = performance.now();
    const second = await waiting;
    waits.push(performance.now() - completedAt);
    expect(second.job).toMatchObject({ job_id: 'b', workflow_id: run });
    await api.complete(second);
  }
  // The faster quarter, since a busy machine makes anybody wait now and then. Looking every 100 ms would fail this.
  waits.sort((a, b) => a - b);
  expect(waits[Math.floor(waits.length / 4)]).toBeLessThan(25);
});

test('a waiting claim answers null when its time is up, and not before', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const began = performance.now();
  expect(await api.claim('w', { waitSecs: 0.5 })).toBeNull();
  expect(performance.now() - began).toBeGreaterThanOrEqual(490);
});

test('a claim whose caller has gone takes no job', async () => {
  const server = await startServerProcess();
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
  // The server hears of a closed connection in its own time; a job that was given to one comes back, uncounted.
  const run = await api.start({ name: 'one', jobs: { a: { run: 'x' } } });
  const claim = await api.claimed('alive');
  expect(claim.job).toMatchObject({ workflow_id: run, attempt: 0 });
});

test('of many waiting workers each job goes to one, and none is given twice', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const jobs = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`j${i}`, { run: 'x' }]));
  const workflow = await api.define({ name: 'many', jobs });
  const claims = Array.from({ length: 60 }, (_, i) => api.claim(`w${i}`, { waitSecs: 3 }));
  await api.run(workflow);
  const got = (await Promise.all(claims)).filter((claim) => claim !== null);
  expect(new Set(got.map((claim) => claim.job.job_id)).size).toBe(40);
  expect(got).toHaveLength(40);
});
