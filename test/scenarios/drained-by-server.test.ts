import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

const gated = 'echo begun; until [ -e go ]; do sleep 0.05; done';

test.each(['stream', 'http'])(
  'drain --stop lets the running job end, gives no other, and the worker exits with 0 (%s)',
  async (transport) => {
    const server = await startServerProcess();
    const api = server.api();
    const folder = temporaryFolder();
    const flags = ['--transport', transport];
    const worker = await startWorkerProcess(server, { id: 'build-3', slots: 2, workdir: folder, flags });
    const run = await api.start({
      name: 'drained',
      jobs: { one: { run: gated }, after: { needs: ['one'], run: 'true' } },
    });
    await api.logMatch(run, 'one', /begun/);
    const cli = async (...args: string[]) => (await runProgram([...args, '--server', api.url])).stdout;
    expect(await cli('drain', 'build-3', '--stop', '--reason', 'new disk')).toBe(
      'Worker build-3 is draining, and exits when it runs no job.\n',
    );
    expect(await cli('workers')).toMatch(/build-3 +busy, draining .*new disk/);
    expect((await api.get('/api/workers/build-3')).body).toMatchObject({
      worker: { drain: { by: null, reason: 'new disk', stop: true } },
    });
    writeFileSync(`${folder}/go`, '');
    expect(await worker.program.ended).toEqual({ code: 0, signal: null });
    expect(await api.job(run, 'one')).toMatchObject({ status: 'success' });
    expect(await api.job(run, 'after')).toMatchObject({ status: 'queued', worker_id: null });
    expect(await cli('why', run, 'after')).toContain('Every live worker that matches is draining: "build-3"');

    expect(await cli('drain', 'build-3', '--undo')).toBe('Worker build-3 is not draining.\n');
    await startWorkerProcess(server, { id: 'build-3', flags });
    expect((await api.ended(run)).state).toBe('success');
  },
);

test('a worker that is drained without --stop stays, also across a kill of the server, and works after the undo', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const worker = await startWorkerProcess(server, { id: 'build-3' });
  expect(await api.post('/api/workers/build-3/drain', {})).toMatchObject({ status: 200, body: { stop: false } });
  await worker.event('warning');
  await server.kill();
  await server.start();
  const run = await api.start({ name: 'waits', jobs: { a: { run: 'true' } } });
  expect((await api.post('/api/workers/build-3/heartbeat', {})).body).toEqual({ drain: true, drain_stop: false });
  expect((await api.post('/api/jobs/claim', { worker_id: 'build-3', labels: [] })).body).toBeNull();
  expect((await api.status(run)).state).toBe('queued');
  expect(worker.program.running).toBe(true);
  await runProgram(['drain', 'build-3', '--undo', '--server', api.url]);
  expect((await api.ended(run)).state).toBe('success');
  await until('the worker logged the undo', () => worker.events().filter(({ type }) => type === 'warning').length >= 2);
});

test('draining takes the scope admin, and an unknown worker is named', async () => {
  const server = await startServerProcess();
  const token = async (name: string, scope: string) => {
    const args = ['token', 'create', ...server.storage.flags, '--name', name, '--scope', scope];
    return (await runProgram(args, server.storage)).stdout.trim();
  };
  const admin = server.api(await token('ops', 'admin'));
  const worker = server.api(await token('w', 'worker'));
  await until('the server knows the tokens', async () => (await admin.get('/api/workers')).status === 200);
  expect(await worker.post('/api/workers/register', { worker_id: 'w1', labels: [] })).toMatchObject({ status: 200 });
  expect(await worker.post('/api/workers/w1/drain', {})).toMatchObject({ status: 403 });
  expect(await admin.post('/api/workers/nobody/drain', {})).toMatchObject({
    status: 404,
    body: { message: expect.stringContaining('"nobody"') },
  });
  expect(await admin.post('/api/workers/w1/drain', { reason: 'x' })).toMatchObject({
    status: 200,
    body: { by: 'ops', reason: 'x', stop: false },
  });
});
