import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FakeServer, logOf } from '../../clients/typescript/test/fake-server.js';
import { mainFile } from '../support/program.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('a worker runs a job with the labels of its environment, and prints a line at start and end', async () => {
  const server = await startServer();
  server.push('echo hello');
  const worker = startWorker([], { SERVER_URL: server.url, WORKER_LABELS: 'docker, linux,' });
  const attempt = await server.reported();
  expect(logOf(attempt)).toBe('hello\n');
  expect(server.seen[0]?.body).toMatchObject({
    labels: ['docker', 'linux', 'feature:exit-codes', 'feature:workspace'],
    slots: 1,
  });
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(0);
  const lines = worker.stdout().trimEnd().split('\n');
  expect(lines.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
    expect.stringMatching(/^worker .+ registered with http:\/\/127\.0\.0\.1:\d+ \(labels docker, linux, 1 slot\)$/),
    'ci/job of run run-1 started',
    expect.stringMatching(/^ci\/job of run run-1 succeeded after [\d.]+ s$/),
    'stopping: no job is running',
    'worker stopped',
  ]);
});

test('SIGTERM lets the running job finish and ends with 0', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url]);
  server.push('echo begun; sleep 0.7; echo finished');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(0);
  expect(logOf(attempt)).toBe('begun\nfinished\n');
  expect(attempt.reports[0]?.kind).toBe('complete');
});

test('a job that outlasts the drain timeout is ended, reported, and the worker ends with 0', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url, '--drain-timeout', '0.3']);
  server.push('echo begun; sleep 600');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  worker.process.kill('SIGINT');
  expect(await worker.exitCode).toBe(0);
  expect(attempt.reports[0]?.body).toEqual({ error: 'worker stopped', retryable: true });
});

test('a second signal ends the running job now', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url]);
  server.push('echo $$; sleep 600');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  worker.process.kill('SIGTERM');
  await worker.printed('stopping: 1 job');
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(0);
  expect(attempt.reports[0]?.body).toEqual({ error: 'worker stopped', retryable: true });
  expect(isAlive(Number(logOf(attempt)))).toBe(false);
});

test('a third signal ends the worker and its jobs by force', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url, '--grace', '60']);
  server.push(`trap 'echo ignored' TERM; echo $$; while :; do sleep 0.1; done`);
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  worker.process.kill('SIGTERM');
  await worker.printed('stopping: 1 job');
  worker.process.kill('SIGTERM');
  await server.until(() => logOf(attempt).includes('ignored'));
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(130);
  await gone(Number(logOf(attempt).split('\n')[0]));
});

test('a refused token is said and ends the worker with 1', async () => {
  const server = await startServer();
  server.token = 'right';
  const worker = startWorker(['--server', server.url], { WORKFLOW_GRAPH_TOKEN: 'wrong' });
  expect(await worker.exitCode).toBe(1);
  expect(worker.stderr()).toBe(
    `error: ${server.url} wants a valid token: a token is needed (give one with --token-file)\n`,
  );
});

test('the token of a file lets the worker in, and no job sees it or where it is', async () => {
  const server = await startServer();
  server.token = 'right';
  const directory = mkdtempSync(join(tmpdir(), 'worker-test-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'token');
  writeFileSync(file, 'right\n');
  server.push('env');
  startWorker(['--server', server.url], { WORKFLOW_GRAPH_TOKEN_FILE: file, WORKFLOW_GRAPH_TOKEN: 'other' });
  const log = logOf(await server.reported());
  expect(log).toContain('WORKFLOW_GRAPH_JOB_ID=job');
  expect(log).not.toContain('right');
  expect(log).not.toContain('WORKFLOW_GRAPH_TOKEN');
});

test('neither the environment nor the arguments of the worker show its credentials', async () => {
  const server = await startServer();
  server.token = 'right-token';
  const withUser = server.url.replace('http://', 'http://user:pass-word@');
  const show = 'cd /proc/$PPID; tr "\\0" "\\n" < environ; tr "\\0" "\\n" < cmdline; env';
  for (const [flags, env] of [
    [[], { WORKFLOW_GRAPH_TOKEN: 'right-token', SERVER_URL: withUser }],
    [['--token', 'right-token', `--server=${withUser}`], {}],
    [['--token=right-token', '--server', withUser], { OTHER: 'x' }],
  ] as const) {
    const jobId = `job-${server.attempts.length}`;
    server.push(show, { jobId });
    const worker = startWorker(['--id', jobId, ...flags], env);
    const log = logOf(await server.reported(jobId));
    expect(log).toContain('PATH=');
    expect(log).not.toMatch(/right-token|pass-word/);
    worker.process.kill('SIGTERM');
    expect(await worker.exitCode).toBe(0);
    expect(worker.stdout() + worker.stderr()).not.toMatch(/right-token|pass-word|experimental/i);
    expect(worker.stdout()).toContain(`registered with ${server.url} (`);
  }
});

test('the user and password of the URL are sent, and are in no message', async () => {
  const server = await startServer();
  const url = server.url.replace('http://', 'http://user:p%40ss@');
  const worker = startWorker([], { SERVER_URL: url });
  await worker.printed('registered');
  expect(server.seen[0]?.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  await server.stop();
  await worker.printed('is away');
  await server.start();
  server.fault = { path: /./, status: 403 };
  expect(await worker.exitCode).toBe(1);
  expect(worker.stdout() + worker.stderr()).not.toContain('p%40ss');
  expect(worker.stderr()).toContain(`error: ${server.url} does not allow`);
});

test('a job gets an allow-list of the environment, and what WORKER_PASS_ENV names', async () => {
  const server = await startServer();
  server.push('env');
  const env = {
    SERVER_URL: server.url,
    DATABASE_URL: 'postgres://secret',
    OTHER: 'secret',
    CACHE: 'yes',
    AWS_REGION: 'eu',
  };
  startWorker([], { ...env, WORKER_PASS_ENV: 'CACHE, AWS_*' });
  const log = logOf(await server.reported());
  expect(log).toContain('CACHE=yes\n');
  expect(log).toContain('AWS_REGION=eu\n');
  expect(log).not.toMatch(/secret|SERVER_URL|WORKER_PASS_ENV/);
});

test.each(['SIGHUP', 'SIGQUIT'] as const)('%s lets the running job finish and ends with 0', async (signal) => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url]);
  server.push('echo begun; sleep 0.7; echo finished');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  worker.process.kill(signal);
  expect(await worker.exitCode).toBe(0);
  expect(logOf(attempt)).toBe('begun\nfinished\n');
  expect(attempt.reports[0]?.kind).toBe('complete');
});

test('SIGHUP again and again only drains, and a SIGTERM after it ends the job', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url]);
  server.push('echo $$; sleep 600');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  for (let i = 0; i < 3; i++) {
    worker.process.kill('SIGHUP');
    await worker.printed('stopping: 1 job');
  }
  expect(attempt.reports).toEqual([]);
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(0);
  expect(attempt.reports[0]?.body).toEqual({ error: 'worker stopped', retryable: true });
  expect(isAlive(Number(logOf(attempt)))).toBe(false);
});

test('a worker under nohup outlives its terminal', async () => {
  const server = await startServer();
  const worker = startWorker(['--server', server.url], { _: '/usr/bin/nohup' });
  await worker.printed('registered');
  worker.process.kill('SIGHUP');
  server.push('echo still here');
  expect(logOf(await server.reported())).toBe('still here\n');
  worker.process.kill('SIGTERM');
  expect(await worker.exitCode).toBe(0);
});

test('a worker whose terminal closes finishes its job, though nothing can be printed any more', async () => {
  const server = await startServer();
  server.push('echo begun; sleep 0.7; echo finished');
  const terminal = spawn(
    'python3',
    ['-c', closingTerminal, process.execPath, mainFile, 'worker', '--server', server.url],
    {
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'inherit', 'inherit'],
    },
  );
  cleanups.push(() => terminal.kill('SIGKILL'));
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  const ended = new Promise((resolve) => terminal.once('exit', resolve));
  terminal.stdin.end();
  expect(await ended).toBe(0);
  expect(logOf(attempt)).toBe('begun\nfinished\n');
  expect(attempt.reports[0]?.kind).toBe('complete');
});

test('a server that is away is said once and waited for', async () => {
  const server = await startServer();
  await server.stop();
  const worker = startWorker(['--server', server.url]);
  await worker.printed('is away');
  expect(worker.stdout()).toContain(`server ${server.url} is away (ECONNREFUSED), retrying\n`);
  await server.start();
  await worker.printed('registered');
  expect(worker.stdout().match(/is away/g)?.length).toBe(1);
});

test('jobs start in the work directory, and events can be printed as JSON', async () => {
  const server = await startServer();
  const directory = mkdtempSync(join(tmpdir(), 'worker-test-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  server.push('pwd; exit 3');
  const worker = startWorker(['--server', server.url, '--workdir', directory, '--log-format', 'json', '--id', 'w9']);
  expect(logOf(await server.reported())).toBe(`${directory}\n`);
  await worker.printed('job-ended');
  const events = worker
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({ type: 'registered', workerId: 'w9' });
  expect(events.at(-1)).toMatchObject({ type: 'job-ended', jobId: 'job', outcome: 'failure', error: 'exit status 3' });
});

test.each([
  [['--slots', '0'], /must be a whole number from 1/],
  [['--slots', 'many'], /must be a whole number from 1/],
  [['--grace', '-1'], /number of seconds from 0/],
  [['--workdir', '/nowhere'], /--workdir: \/nowhere is not a directory/],
  [['--server', 'localhost:3000'], /"localhost:3000" is not a server's URL: write it as http:\/\/host:port/],
  [['--token-file', '/nowhere'], /ENOENT.*\/nowhere/],
  [
    ['--pass-env', 'A,DATABASE_URL'],
    /--pass-env: DATABASE_URL is a setting of workflow-graph and is never passed to jobs/,
  ],
  [['--log-format', 'xml'], /Allowed choices are text, json/],
])('an option that cannot be is refused: %j', async (flags, message) => {
  const worker = startWorker(flags);
  expect(await worker.exitCode).not.toBe(0);
  expect(worker.stderr()).toMatch(message);
  expect(worker.stderr()).not.toMatch(/\n {4}at /);
});

/** Runs a program on a terminal, closes that when the input ends, and exits as the program does. */
const closingTerminal = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [*sys.argv[1:], "--transport", "http"])
while 0 not in (ready := select.select([0, terminal], [], [])[0]):
    os.read(terminal, 4096)
os.close(terminal)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;

async function startServer(): Promise<FakeServer> {
  const server = await new FakeServer().start();
  cleanups.push(() => server.stop());
  return server;
}

interface RunningCommand {
  readonly process: ChildProcess;
  readonly exitCode: Promise<number | null>;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout has the text. */
  printed(text: string): Promise<void>;
}

/** The fake server speaks the documented paths only; a flag that the command is to refuse stays alone. */
function overHttp(flags: readonly string[]): readonly string[] {
  return flags.includes('--transport') ? flags : [...flags, '--transport', 'http'];
}

function startWorker(flags: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const child = spawn(process.execPath, [mainFile, 'worker', ...overHttp(flags)], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await exitCode;
  });
  const printed = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!stdout.includes(text)) return;
        child.stdout.off('data', look);
        resolve();
      };
      child.stdout.on('data', look);
      look();
    });
  return { process: child, exitCode, stdout: () => stdout, stderr: () => stderr, printed };
}

/** A process that was killed is gone when the kernel says so, which may be a moment later. */
async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
