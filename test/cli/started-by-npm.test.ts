import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../support/processes.js';
import { startProcess } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const bin = fileURLToPath(new URL('../../bin/workflow-graph.js', import.meta.url));

/** A server that a shell started and waits for, as npm runs a script; with npm's sign in the environment or without. */
async function startUnderShell(env: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  const serve = `"${process.execPath}" "${bin}" serve --port 0 --data "${join(folder, 'data')}" --workflows "${folder}"`;
  const shell = startProcess('sh', ['-c', `${serve} & echo "pid $!"; wait`], { env: { LOG_FORMAT: 'json', ...env } });
  const pid = Number((await shell.printed(/^pid (\d+)/))[1]);
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  });
  const said = (message: string) =>
    until(`the server says "${message}"`, () => `${shell.stdout}${shell.stderr}`.includes(`"msg":"${message}`), {
      describe: () => `${shell.stdout}${shell.stderr}`,
    });
  await said('listening on ');
  return { shell, pid, said };
}

test('a server that npm started stops, in order, when npm and its shell are gone', async () => {
  const { shell, pid, said } = await startUnderShell({ npm_lifecycle_event: 'npx' });
  shell.signal('SIGKILL');
  await said('stopped');
  await until('its process has ended', () => !isAlive(pid));
});

test('a server that a shell started goes on without the shell', async () => {
  const { shell, pid, said } = await startUnderShell({});
  shell.signal('SIGKILL');
  await shell.ended;
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGTERM');
  await said('stopped');
});
