import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildWorkerFile } from '../../scripts/build-worker.js';
import { version } from '../../src/version.js';
import { nodesHere } from '../support/nodes.js';
import { type RunningProgram, runProcess, runProgram, startProcess } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const systemPath = '/usr/bin:/bin';
/** Node 20 is the oldest supported version for worker machines. CI has it; a developer may not. */
const nodes = nodesHere().filter(({ major }) => major >= 20);

test.each(nodes)('worker.mjs from a server runs a workflow on Node $major, with no other file', async ({ file }) => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'worker.mjs'), await textOf(`${server.url}/worker.mjs`));
  for (const transport of ['stream', 'http']) {
    const env = { PATH: systemPath, HOME: '/nonexistent', SERVER_URL: server.url, WORKER_LABELS: transport };
    const worker = startProcess(file, ['worker.mjs', '--transport', transport], { cwd: folder, env });
    await worker.printed(/registered with/);
    await runsTwoJobs(server, transport);
    worker.signal('SIGTERM');
    expect([await worker.ended, worker.stderr]).toEqual([{ code: 0, signal: null }, '']);
    expect(worker.stdout).not.toMatch(/no stream|has version/);
  }
  expect(readdirSync(folder)).toEqual(['worker.mjs']);
});

test('a worker hides its own token from its jobs, also as a single file', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'worker.mjs'), await textOf(`${server.url}/worker.mjs`));
  const args = ['token', 'create', ...server.storage.flags, '--name', 'all', '--scope', 'admin'];
  const token = (await runProgram(args, server.storage)).stdout.trim();
  const env = { WORKFLOW_GRAPH_TOKEN: token, SERVER_URL: server.url };
  const worker = startProcess(process.execPath, ['worker.mjs'], { cwd: folder, env });
  await worker.printed(/registered with/);
  const api = server.api(token);
  const run = await api.start({ name: 'look', jobs: { a: { run: "tr '\\0' '\\n' < /proc/$PPID/environ" } } });
  expect((await api.ended(run)).state).toBe('success');
  expect(await api.logText(run, 'a')).toContain('PATH=');
  expect(await api.logText(run, 'a')).not.toContain(token);
});

test('an outdated worker reports it and continues to work', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  await buildWorkerFile({ file: join(folder, 'worker.mjs'), version: '0.0.1' });
  const args = ['worker.mjs', '--server', server.url, '--labels', 'old'];
  const worker = startProcess(process.execPath, args, { cwd: folder });
  await worker.printed(
    new RegExp(`this worker has version 0\\.0\\.1, and its server ${version}\\..* fetch ${server.url}/worker\\.mjs`),
  );
  await runsTwoJobs(server, 'old');
});

test('install.sh downloads the worker, verifies it, and prints the command that starts it', async () => {
  const server = await startServerProcess();
  const folder = temporaryFolder();
  const installed = await install(await textOf(`${server.url}/install.sh`), folder);
  expect(installed).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual(['install.sh', 'worker.mjs']);
  expect(readFileSync(join(folder, 'worker.mjs'), 'utf8')).toBe(await textOf(`${server.url}/worker.mjs`));
  const [, command = ''] = /^ {2}(SERVER_URL=.*)$/m.exec(installed.stdout) ?? [];
  const env = { PATH: pathWith(dirname(process.execPath)), WORKER_LABELS: 'installed' };
  const worker: RunningProgram = startProcess('/bin/sh', ['-c', `exec env ${command}`], { cwd: folder, env });
  await worker.printed(/registered with .*4 slots/);
  await runsTwoJobs(server, 'installed');
});

test('install.sh refuses a damaged download and leaves nothing behind', async () => {
  const server = await startServerProcess();
  const script = await textOf(`${server.url}/install.sh`);
  const damaged = createServer((request, response) => {
    response.end(request.url === '/worker.mjs' ? 'half a wor' : `${'0'.repeat(64)}  worker.mjs\n`);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void damaged.close());
  await new Promise((resolve) => damaged.once('listening', resolve));
  const folder = temporaryFolder();
  const { port } = damaged.address() as AddressInfo;
  const refused = await install(script, folder, { SERVER_URL: `http://127.0.0.1:${port}` });
  expect(refused).toMatchObject({ code: 1, stderr: 'install.sh: the checksum is wrong: the download is damaged\n' });
  expect(readdirSync(folder)).toEqual(['install.sh']);
});

test('install.sh names the Node version that it needs', async () => {
  const server = await startServerProcess();
  const script = await textOf(`${server.url}/install.sh`);
  const folder = temporaryFolder();
  const old = temporaryFolder();
  writeFileSync(join(old, 'node'), '#!/bin/sh\n[ "$1" = -p ] && echo 18 || echo v18.20.4\n', { mode: 0o755 });
  const refused = await install(script, folder, { PATH: pathWith(old) });
  expect(refused).toMatchObject({
    code: 1,
    stderr: 'install.sh: the worker needs Node 20 or later, and this machine has v18.20.4\n',
  });
  const mistaken = await install(script, folder, {}, 'sistemd');
  expect(mistaken).toMatchObject({
    code: 1,
    stderr: 'install.sh: sistemd means nothing; there is the word systemd, for a service\n',
  });
});

test.runIf(spawnSync('shellcheck', ['--version']).status === 0)('install.sh passes shellcheck', async () => {
  const file = join(import.meta.dirname, '../../deploy/worker/install.sh');
  const { stdout } = spawnSync('shellcheck', ['--shell', 'sh', file], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

const pathWith = (folder: string) => `${folder}:${systemPath}`;

function install(script: string, folder: string, env: Record<string, string> = {}, ...args: string[]) {
  writeFileSync(join(folder, 'install.sh'), script);
  const full = { PATH: pathWith(dirname(process.execPath)), HOME: '/nonexistent', ...env };
  return runProcess('/bin/sh', ['install.sh', ...args], { cwd: folder, env: full });
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return answer.text();
}

/** A job with an output and a job that needs it, both for workers with the label. */
async function runsTwoJobs(server: ServerProcess, label: string): Promise<void> {
  const run = await server.api().start({
    name: `for-${label}`,
    jobs: {
      first: { labels: [label], run: 'echo "::set-output greeting=hello from $(pwd)"' },
      second: { labels: [label], needs: ['first'], run: 'test -n "$NEEDS_FIRST_GREETING"' },
    },
  });
  expect((await server.api().ended(run)).state).toBe('success');
}
