import { expect, test } from 'vitest';
import { type Api, chunk } from '../support/api.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

async function startJob(api: Api, job: object = {}, ttlSecs = 60) {
  const run = await api.start({ name: 'replayed', jobs: { a: { run: 'x', ...job }, after: { run: 'x', needs: 'a' } } });
  return { run, claim: await api.claimed('w', { ttlSecs }) };
}

const conflict = (reason: string) => ({ status: 409, body: { code: 'conflict', reason } });

test('a repeated complete gets the same answer, a different end does not: completed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api);
  const first = await api.complete(claim, { version: '1', url: 'x' });
  expect(first.status).toBe(200);
  expect(await api.complete(claim, { url: 'x', version: '1' })).toMatchObject({ status: 200, body: first.body });
  expect(await api.complete(claim, { version: '2' })).toMatchObject(conflict('completed'));
  expect(await api.complete(claim)).toMatchObject(conflict('completed'));
  expect(await api.fail(claim, 'no', true)).toMatchObject(conflict('completed'));
  expect(await api.heartbeat(claim)).toMatchObject(conflict('completed'));
  await server.kill();
  await server.start();
  expect((await api.complete(claim, { version: '1', url: 'x' })).status).toBe(200);
  expect(await api.complete(claim, { version: '2' })).toMatchObject(conflict('completed'));
  expect((await api.job(run, 'a')).outputs).toEqual({ version: '1', url: 'x' });
  expect((await api.claimed('w')).job).toMatchObject({ job_id: 'after', attempt: 0 });
  expect(await api.claim('w')).toBeNull();
});

test('a repeated fail changes nothing, even after the next attempt has started: completed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api, { retries: 2 });
  for (let i = 0; i < 3; i++) expect((await api.fail(claim, 'no luck', true)).status).toBe(200);
  const second = await api.claimed('w');
  expect(second.job.attempt).toBe(1);
  expect((await api.fail(claim, 'no luck', true)).status).toBe(200);
  expect(await api.fail(claim, 'no luck', false)).toMatchObject(conflict('completed'));
  expect(await api.fail(claim, 'other', true)).toMatchObject(conflict('completed'));
  expect(await api.complete(claim)).toMatchObject(conflict('completed'));
  expect(await api.job(run, 'a')).toMatchObject({ status: 'running', attempt: 1 });
  expect((await api.complete(second)).status).toBe(200);
});

test('repeated logs are stored once, even after the end; new ones after the end are refused: completed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api);
  for (let i = 0; i < 3; i++) expect((await api.pushLogs(claim, 'one\n', 'two\n')).status).toBe(200);
  await api.complete(claim);
  expect((await api.pushLogs(claim, 'one\n')).status).toBe(200);
  expect(await api.pushLogs(claim, 'one\n', 'two\n', 'three\n')).toMatchObject(conflict('completed'));
  expect((await api.logs(run, 'a')).map(({ sequence, data }) => [sequence, data])).toEqual([
    [0, 'one\n'],
    [1, 'two\n'],
  ]);
});

test('an expired lease: lease_expired, and superseded once the next attempt has started', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api, { retries: 1 }, 1);
  await until('the lease expires', async () => (await api.job(run, 'a')).attempt === 1);
  for (const answer of [
    await api.complete(claim),
    await api.fail(claim, 'x'),
    await api.heartbeat(claim),
    await api.pushLogs(claim, 'late'),
  ]) {
    expect(answer).toMatchObject(conflict('lease_expired'));
  }
  const second = await api.claimed('w2', { ttlSecs: 60 });
  for (const answer of [
    await api.complete(claim),
    await api.fail(claim, 'x'),
    await api.heartbeat(claim),
    await api.pushLogs(claim, 'late'),
  ]) {
    expect(answer).toMatchObject(conflict('superseded'));
  }
  expect(await api.logs(run, 'a')).toEqual([]);
  expect(await api.job(run, 'a')).toMatchObject({ status: 'running', worker_id: 'w2' });
  expect((await api.complete(second)).status).toBe(200);
});

test('a cancelled job accepts logs and nothing else: cancelled', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { run, claim } = await startJob(api);
  await api.cancel(run);
  expect(await api.heartbeat(claim)).toMatchObject({ status: 200, body: { cancelled: true } });
  expect((await api.pushLogs(claim, 'ending\n')).status).toBe(200);
  expect(await api.complete(claim)).toMatchObject(conflict('cancelled'));
  expect(await api.fail(claim, 'x', true)).toMatchObject(conflict('cancelled'));
  expect(await api.logText(run, 'a')).toBe('ending\n');
  expect(await api.job(run, 'a')).toMatchObject({ status: 'cancelled', output: null });
});

test('a lease that never existed, was altered, or belongs to another job: unknown_lease', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const { claim } = await startJob(api);
  const id = claim.lease.lease_id;
  const changed = `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`;
  for (const lease of ['nothing', 'x'.repeat(200), changed, '__proto__', `${id}%20`]) {
    for (const end of ['complete', 'fail', 'heartbeat', 'logs', 'release']) {
      expect(await api.post(`/api/jobs/${lease}/${end}`, {}), `${lease} ${end}`).toMatchObject(
        conflict('unknown_lease'),
      );
    }
  }
  const stray = { ...chunk(claim, 0, 'x'), job_id: 'after' };
  expect(await api.post(`/api/jobs/${id}/logs`, { chunks: [stray] })).toMatchObject({ status: 400 });
  expect((await api.complete(claim)).status).toBe(200);
});

test('a repeated claim with a request id returns the same job and lease while the lease is valid', async () => {
  const server = await startServerProcess();
  const api = server.api();
  await api.start({ name: 'many', jobs: { a: { run: 'x' }, b: { run: 'x' } } });
  const claim = { worker_id: 'w', labels: [], request_id: '7f9c0a52-4a5e-4b62-9f2e-repeat' };
  const first = await until('a job is claimed', async () => {
    const answer = await api.post('/api/jobs/claim', claim);
    return answer.body === null ? null : answer;
  });
  expect((await api.post('/api/jobs/claim', claim)).body).toEqual(first.body);
  await server.kill();
  await server.start();
  expect((await api.post('/api/jobs/claim', claim)).body).toEqual(first.body);
  expect((await api.claimed('w')).job.job_id).toBe('b');
  expect(await api.claim('w')).toBeNull();
});

test('starting a run again with the same request id returns the same run', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const workflow = await api.define({ name: 'once', jobs: { a: { run: 'x' } } });
  const start = () => api.post(`/api/workflows/${workflow}/run`, { request_id: 'only-once-and-no-more' });
  const [first, ...others] = await Promise.all([start(), start(), start()]);
  for (const other of others) expect(other.body).toEqual(first?.body);
  await server.kill();
  await server.start();
  expect((await start()).body).toEqual(first?.body);
  await api.claimed('w');
  expect(await api.claim('w')).toBeNull();
});
