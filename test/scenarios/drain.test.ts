import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startWorkerProcess } from '../support/worker-process.js';

test('SIGTERM drains a worker: no new jobs, the running ones finish and are reported, exit 0', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const folder = temporaryFolder();
  const worker = await startWorkerProcess(server, { id: 'draining', slots: 2, workdir: folder });
  const gated = 'echo begun; until [ -e go ]; do sleep 0.05; done; echo "::set-output finished=yes"';
  const run = await api.start({
    name: 'drained',
    jobs: { one: { run: gated }, two: { run: gated }, after: { needs: ['one', 'two'], run: 'true' } },
  });
  await api.logMatch(run, 'one', /begun/);
  await api.logMatch(run, 'two', /begun/);
  worker.program.signal('SIGTERM');
  expect(await worker.event('draining')).toMatchObject({ running: 2 });
  const queued = await api.start({ name: 'late', jobs: { late: { run: 'true' } } });
  writeFileSync(`${folder}/go`, '');
  expect(await worker.program.ended).toEqual({ code: 0, signal: null });

  for (const key of ['one', 'two']) {
    expect(await api.job(run, key)).toMatchObject({ status: 'success', outputs: { finished: 'yes' } });
  }
  expect(await api.job(run, 'after')).toMatchObject({ status: 'queued', worker_id: null });
  expect(await api.job(queued, 'late')).toMatchObject({ status: 'queued', worker_id: null });

  await startWorkerProcess(server);
  expect((await api.ended(run)).state).toBe('success');
  expect((await api.ended(queued)).state).toBe('success');
});

test('a job that outlasts the drain is released, and retried if it has retries left', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const worker = await startWorkerProcess(server, { flags: ['--drain-timeout', '0.3'] });
  const run = await api.start({
    name: 'cut',
    jobs: { long: { retries: 1, run: 'echo begun; [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ] || sleep 300' } },
  });
  await api.logMatch(run, 'long', /begun/);
  worker.program.signal('SIGTERM');
  expect(await worker.program.ended).toEqual({ code: 0, signal: null });
  await startWorkerProcess(server);
  expect((await api.ended(run)).jobs[0]).toMatchObject({ status: 'success', attempt: 1 });
});
