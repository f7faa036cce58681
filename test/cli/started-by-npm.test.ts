import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../support/processes.js';
import { startProcess } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const bin = fileURLToPath(new URL('../../bin/workflow-graph.js', import.meta.url));

/**
 * A server started by a shell that waits for it, as npm runs a script; with or without npm's variable in the
 * environment.
 */
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

test('a server started by npm shuts down cleanly when npm and its shell are gone', async () => {
  const { shell, pid, said } = await startUnderShell({ npm_lifecycle_event: 'npx' });
  shell.signal('SIGKILL');
  await said('stopped');
  await until('its process has exited', () => !isAlive(pid));
});

test('a server started by a shell continues without the shell', async () => {
  const { shell, pid, said } = await startUnderShell({});
  shell.signal('SIGKILL');
  await shell.ended;
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGTERM');
  await said('stopped');
});

/** Makes the wrapper believe that it runs on a Node version that is too old for the program. */
const oldNode = `data:text/javascript,${encodeURIComponent(
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } }); process.execve = undefined;`,
)}`;

/** A wrapper around a server, and the ids of both processes. */
async function startWrapped(script: string, args: readonly string[]) {
  const folder = temporaryFolder();
  const flags = ['--port', '0', '--data', join(folder, 'data'), '--workflows', folder];
  const wrapper = startProcess(process.execPath, ['--import', oldNode, script, ...args, ...flags], {
    env: { LOG_FORMAT: 'json' },
  });
  await wrapper.printed(/listening on /);
  const [child = 0] = childrenOf(wrapper.pid);
  onTestFinished(() => {
    if (isAlive(child)) process.kill(child, 'SIGKILL');
  });
  return { wrapper, child };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

const startScript = fileURLToPath(new URL('../../scripts/start.js', import.meta.url));

test.runIf(process.platform === 'linux').each([
  ['bin/workflow-graph.js', bin, ['serve']],
  ['scripts/start.js', startScript, []],
])('a server behind the wrapper %s exits when the wrapper is killed', async (_name, script, args) => {
  const { wrapper, child } = await startWrapped(script, args);
  wrapper.signal('SIGKILL');
  await until('the server has exited', () => !isAlive(child));
});

test.runIf(process.platform === 'linux')('the wrapper exits with the status of its program', async () => {
  const { wrapper, child } = await startWrapped(bin, ['serve']);
  process.kill(child, 'SIGKILL');
  expect((await wrapper.ended).code).toBe(128 + 9);
});
