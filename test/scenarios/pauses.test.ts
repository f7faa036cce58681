import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

test('a paused run waits, also across a kill of the server, and ends after it is resumed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const cli = async (...args: string[]) => (await runProgram([...args, '--server', api.url])).stdout;
  const run = await api.start({ name: 'paused', jobs: { a: { run: 'true' }, b: { run: 'true', needs: ['a'] } } });
  expect(await cli('pause', run, '--reason', 'a fix comes')).toBe(`Run ${run} is paused.\n`);
  await startWorkerProcess(server);
  await server.kill();
  await server.start();
  const { body } = await api.get('/api/pauses');
  expect(body).toEqual({
    pauses: [{ kind: 'run', subject: run, reason: 'a fix comes', paused_at_ms: expect.any(Number), paused_by: null }],
  });
  expect(await cli('pauses')).toContain('a fix comes');
  await until('the worker is there', async () =>
    JSON.stringify((await api.get('/api/workers')).body).includes('"worker_id"'),
  );
  expect(await cli('why', run, 'a')).toContain('Its run was paused');
  expect(states(await api.status(run))).toEqual({ a: 'queued', b: 'queued' });
  expect(await cli('resume', run)).toBe(`Run ${run} is resumed.\n`);
  expect(states(await api.ended(run))).toEqual({ a: 'success', b: 'success' });
});

test('pausing a run takes the scope submit, and pausing a label the scope admin', async () => {
  const server = await startServerProcess();
  const token = async (name: string, scope: string) => {
    const args = ['token', 'create', ...server.storage.flags, '--name', name, '--scope', scope];
    return (await runProgram(args, server.storage)).stdout.trim();
  };
  const admin = server.api(await token('ops', 'admin'));
  const submit = server.api(await token('ci', 'submit'));
  await until('the server knows the tokens', async () => (await submit.get('/api/pauses')).status !== 401);
  const run = await admin.start({ name: 'guarded', jobs: { a: { run: 'x', labels: ['gpu'] } } });
  expect(await submit.post('/api/pauses', { label: 'gpu' })).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
  expect(await submit.post('/api/pauses', { label: 'gpu', run })).toMatchObject({ status: 400 });
  expect(await submit.post(`/api/workflows/${run}/pause`, { reason: 'wait' })).toMatchObject({
    status: 200,
    body: { kind: 'run', subject: run, reason: 'wait', paused_by: 'ci' },
  });
  expect(await submit.post(`/api/workflows/${run}/resume`)).toMatchObject({ status: 200 });
  expect(await admin.post('/api/pauses', { label: 'gpu', reason: 'driver' })).toMatchObject({
    status: 200,
    body: { kind: 'label', subject: 'gpu', paused_by: 'ops' },
  });
  const why = (await admin.get(`/api/workflows/${run}/jobs/a/why`)).body;
  expect(why).toMatchObject({ reasons: [{ code: 'paused', paused: { kind: 'label', subject: 'gpu' } }] });
});
