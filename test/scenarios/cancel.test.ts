import { expect, test } from 'vitest';
import { expectStatus, states } from '../support/api.js';
import { allGone, isAlive, killWithTest } from '../support/processes.js';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

/**
 * A job with a child, a grandchild that ignores SIGTERM, a grandchild in its own session, and one whose parent has
 * exited. Each prints its process id.
 */
const family = `
  echo "pid $$"
  sleep 300 & echo "pid $!"
  sh -c 'trap "" TERM; echo "pid $$"; while :; do sleep 0.2; done' &
  setsid sh -c 'echo "pid $$"; sleep 300 & echo "pid $!"; wait' &
  (setsid sh -c 'echo "pid $$"; exec sleep 300' &)
  wait`;
const familySize = 6;

test('cancelling a run ends the whole process tree of running jobs, and jobs that have not started', async () => {
  const server = await sharedServer();
  const api = server.api();
  const worker = await startWorkerProcess(server, { graceSecs: 1 });
  const run = await api.start({
    name: 'cancelled',
    jobs: {
      done: { run: 'true' },
      running: { needs: 'done', run: family, retries: 3 },
      waiting: { needs: 'running', run: 'true' },
      tidy: { needs: 'running', if: 'always()', run: 'echo "after $RESULT"', env: { RESULT: 'all' } },
    },
  });
  await api.logMatch(run, 'running', new RegExp(`(pid \\d+\\s+){${familySize}}`));
  const pids = [...(await api.logText(run, 'running')).matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  killWithTest(...pids);
  expect(pids.filter(isAlive)).toEqual(pids);
  expect((await api.get(`/api/jobs/${run}/running/cancelled`)).body).toBe(false);

  await api.cancel(run);
  expect((await api.get(`/api/jobs/${run}/running/cancelled`)).body).toBe(true);
  expect((await api.job(run, 'running')).status).toBe('cancelled');
  await allGone(pids);

  const ended = await api.ended(run);
  expect(ended.state).toBe('cancelled');
  expect(states(ended)).toEqual({ done: 'success', running: 'cancelled', waiting: 'cancelled', tidy: 'success' });
  expect((await worker.event('job-ended', 'running')).outcome).toBe('cancelled');
  expect(await api.logText(run, 'tidy')).toBe('after all\n');

  // The worker is free again.
  const next = await api.start({ name: 'next', jobs: { a: { run: 'true' } } });
  expect((await api.ended(next)).state).toBe('success');
});

test('a second cancel changes nothing, and a forced one ends the jobs that run after a cancel', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { graceSecs: 1 });
  const run = await api.start({
    name: 'twice',
    jobs: {
      work: { run: 'echo begun; sleep 300' },
      tidy: { needs: 'work', if: 'cancelled()', run: 'echo tidying; sleep 300' },
    },
  });
  await api.logMatch(run, 'work', /begun/);
  await api.cancel(run);
  await api.logMatch(run, 'tidy', /tidying/);
  await api.cancel(run);
  expect((await api.job(run, 'tidy')).status).toBe('running');
  await api.cancel(run, { force: true });
  const ended = await api.ended(run);
  expect(ended.state).toBe('cancelled');
  expect(states(ended)).toEqual({ work: 'cancelled', tidy: 'cancelled' });
});

test('`cancelled` is a bare JSON boolean; unknown ids get 404; a workflow id selects its newest run', async () => {
  const server = await sharedServer();
  const api = server.api();
  const workflow = await api.define({ name: 'asked', jobs: { a: { run: 'x' } } });
  const first = await api.run(workflow);
  await api.cancel(first);
  const second = await api.run(workflow);
  const asked = async (id: string, job = 'a') => api.get(`/api/jobs/${id}/${job}/cancelled`);
  expect(await asked(first)).toMatchObject({ status: 200, body: true });
  expect(await asked(second)).toMatchObject({ status: 200, body: false });
  expect(await asked(workflow)).toMatchObject({ status: 200, body: false });
  expect(await asked(first, 'b')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await asked('nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expectStatus(await api.post('/api/workflows/nothing/cancel'), 404);
});
