import { expect, test } from 'vitest';
import { oneServer } from '../support/one-server.js';
import { runProgram } from '../support/program.js';
import { pause } from './calls.js';

const ttlSecs = 5;

test('a server that was frozen for longer than a lease extends it by its full time when it resumes', async () => {
  const server = oneServer();
  await server.start();
  const api = server.api();
  const run = await api.start({ name: 'frozen', jobs: { a: { run: 'x' }, b: { run: 'x' } } });
  const first = await api.claimed('w', { ttlSecs });
  const second = await api.claimed('w', { ttlSecs });

  server.program.signal('SIGSTOP');
  // It waits in the socket, and is the first event after the freeze.
  const heartbeat = api.heartbeat(first);
  await pause(ttlSecs * 1_000 + 1_500);
  server.program.signal('SIGCONT');

  expect((await heartbeat).status).toBe(200);
  expect((await api.complete(second)).status).toBe(200);
  expect((await api.complete(first)).status).toBe(200);
  expect(await server.logged(/process stalled/)).toMatchObject({ still_ms: expect.any(Number) });
  expect((await api.status(run)).jobs.map(({ status, attempt }) => [status, attempt])).toEqual([
    ['success', 0],
    ['success', 0],
  ]);
  await server.stop();
  expect(await runProgram(['doctor', '--data', server.dataDir])).toMatchObject({ code: 0 });
});
