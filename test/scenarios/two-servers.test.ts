import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const serve = (data: string, port: number, env: Record<string, string> = {}) =>
  startProgram(['serve', '--data', data, '--workflows', `${data}/workflows`], {
    env: { PORT: String(port), LOG_FORMAT: 'json', ...env },
  });

test('a second server on the same data exits, and names the process that holds it and the remedy', async () => {
  const first = await startServerProcess();
  const second = serve(first.dataDir, 0);
  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.stderr).toContain(
    `error: Another server (process ${first.program.pid}) uses the database ${first.databaseFile}. Stop it first, or give this one its own --data folder.`,
  );
  expect(second.stderr).not.toMatch(/\n {4}at /);
  expect((await first.api().get('/readyz')).status).toBe(200);

  // The lock ends with its holder, however that exits.
  await first.kill();
  await first.start();
  expect((await first.api().get('/readyz')).status).toBe(200);
});

test('when the port is taken the next free one is used and reported', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as { port: number };
  const server = serve(temporaryFolder(), port);
  const [, took = ''] = await server.printed(
    new RegExp(`port ${port} is in use by another program, so this server listens on (\\d+)`),
  );
  expect(Number(took)).toBeGreaterThan(port);
  await server.printed(new RegExp(`listening on http://127.0.0.1:${took}`));
  const answer = await fetch(`http://127.0.0.1:${took}/readyz`);
  expect(answer.status).toBe(200);
});

test('a public address is refused without tokens, unless overridden', async () => {
  const open = serve(temporaryFolder(), 0, { HOST: '0.0.0.0' });
  expect(await open.ended).toEqual({ code: 2, signal: null });
  expect(open.stderr).toMatch(/HOST is "0\.0\.0\.0", which others can reach, and no token exists/);
  const insecure = serve(temporaryFolder(), 0, { HOST: '0.0.0.0', INSECURE: 'true' });
  await insecure.printed(/listening on/);
});
