import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RetryableError, shellExecutor } from '../src/index.js';
import { sweepWorkspaces } from '../src/shell/fresh-workspace.js';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

test('a job has no input and its own process group', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('read line || echo "no input"; ps -o pgid= -p $$ | tr -d " " | grep -qx $$ && echo leader');
  expect(logOf(await server.reported())).toBe('no input\nleader\n');
});

test('a status other than 0 fails the job, retryably, with the status and the end of stderr', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo fine; echo "no such thing" >&2; exit 7');
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({
    kind: 'fail',
    body: { error: 'exit status 7\nno such thing', retryable: true, exit_code: 7 },
  });
});

test('the error text is capped, and keeps the end of stderr', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('i=0; while [ $i -lt 1000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1');
  const error = String((await server.reported()).reports[0]?.body.error);
  expect(error.length).toBeLessThanOrEqual(4096);
  expect(error.startsWith('exit status 1\n')).toBe(true);
  expect(error.endsWith('line 999')).toBe(true);
});

const named = (...names: readonly string[]) =>
  names.map((name, at) => ({ id: `step-${at + 1}`, name, run: 'true', env: {} }));

const announced = (step: string) => `echo "::step ${step}"`;

test('the step that failed is named', async () => {
  const server = await startServer();
  startWorker(server);
  const extra = { steps: named('Build', 'Unit tests', 'Report') };
  const command = [announced('1/3 Build'), announced('2/3 Unit tests'), 'echo broken >&2', 'exit 3'].join('; ');
  server.push(command, { extra });
  const [report] = (await server.reported()).reports;
  expect(report?.body).toEqual({
    error: 'step 2/3 "Unit tests": exit status 3\nbroken',
    retryable: true,
    exit_code: 3,
  });
});

test('a step is known by its own line and in its turn, whatever else the job prints', async () => {
  const server = await startServer();
  startWorker(server);
  const extra = { steps: named('Build', 'Test', 'Ship') };
  const command = `printf '::step 1/3 Bu'; sleep 0.1; printf 'ild\\n'; echo "::step 3/3 Ship"; echo "x ::step 2/3 Test"; exit 1`;
  server.push(command, { extra });
  expect((await server.reported()).reports[0]?.body.error).toBe('step 1/3 "Build": exit status 1');
});

test('a job that requires it runs in an empty directory of its own, which is deleted afterwards', async () => {
  const server = await startServer();
  startWorker(server);
  const extra = { required_labels: ['feature:workspace'] };
  server.push('pwd; ls -A | wc -l; mkdir -p deep/er; touch deep/er/file; chmod 500 deep/er deep; exit 1', { extra });
  const [path = '', count] = logOf(await server.reported(), 'stdout')
    .trim()
    .split('\n');
  expect(path).toContain('workflow-graph-workspace-');
  expect(Number(count)).toBe(0);
  expect(existsSync(join(path, '..'))).toBe(false);
});

test('a workspace is deleted after a timeout too', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('pwd; touch left; sleep 60', { extra: { required_labels: ['feature:workspace'], timeout_secs: 1 } });
  const path = logOf(await server.reported(), 'stdout').trim();
  expect(path).toContain('workflow-graph-workspace-');
  expect(existsSync(path)).toBe(false);
});

test('a worker deletes the workspaces of workers that were killed when it starts, and no others', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('pwd; while [ ! -e end ]; do sleep 0.05; done', { extra: { required_labels: ['feature:workspace'] } });
  const living = await server.claimed();
  await server.until(() => living.chunks.size > 0);
  const alive = logOf(living, 'stdout').trim();
  const dead = mkdtempSync(join(tmpdir(), 'workflow-graph-workspace-'));
  execFileSync('mkfifo', [join(dead, 'alive')]);
  mkdirSync(join(dead, 'workspace'));
  const unfinished = mkdtempSync(join(tmpdir(), 'workflow-graph-workspace-'));
  await sweepWorkspaces();
  expect([dead, unfinished, alive].map((path) => existsSync(path))).toEqual([false, true, true]);
  rmSync(unfinished, { recursive: true });
  writeFileSync(join(alive, 'end'), '');
  expect((await server.reported()).reports[0]?.kind).toBe('complete');
});

test('a worker with the shell executor offers what it can do, and one with a function does not', async () => {
  const server = await startServer();
  startWorker(server, { labels: ['linux'] }).event('registered');
  startWorker(server, { workerId: 'w2', labels: ['linux'], executor: async () => {} });
  const offered = (id: string) =>
    server.seen.find(({ path, body }) => path.endsWith('/register') && (body as { worker_id: string }).worker_id === id)
      ?.body;
  await server.until(() => offered('w1') !== undefined && offered('w2') !== undefined);
  expect(offered('w1')).toMatchObject({ labels: ['linux', 'feature:exit-codes', 'feature:workspace'] });
  expect(offered('w2')).toMatchObject({ labels: ['linux'] });
});

test('an executor of its own reports an exit code with its error', async () => {
  const server = await startServer();
  startWorker(server, {
    executor: async () => {
      throw new RetryableError('busy', { exitCode: 75 });
    },
  });
  server.push('true');
  const [report] = (await server.reported()).reports;
  expect(report?.body).toEqual({ error: 'busy', retryable: true, exit_code: 75 });
});

test('a job that was killed says by which signal', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('kill -KILL $$');
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({ kind: 'fail', body: { error: 'killed by SIGKILL', retryable: true, exit_code: 137 } });
});

test('a shell that finds its directory gone fails the job retryably and names the directory', async () => {
  const server = await startServer();
  startWorker(server, { executor: shellExecutor({ workdir: '/nowhere' }) });
  server.push('true');
  const [report] = (await server.reported()).reports;
  expect(report?.body).toEqual({ error: 'the directory that jobs start in is gone: /nowhere', retryable: true });
});

test('a worker whose directory is gone does not start', async () => {
  const server = await startServer();
  const { done } = startWorker(server, { workdir: '/nowhere' });
  await expect(done).rejects.toThrow('the directory that jobs start in is gone: /nowhere');
  expect(server.seen).toEqual([]);
});

test('a worker whose directory goes away gives the next job back unharmed and ends with the reason', async () => {
  const server = await startServer();
  const workdir = mkdtempSync(join(tmpdir(), 'worker-test-'));
  const { done, event } = startWorker(server, { workdir });
  await event('registered');
  rmSync(workdir, { recursive: true });
  server.push('true');
  await expect(done).rejects.toThrow(`the directory that jobs start in is gone: ${workdir}`);
  expect((await server.reported()).reports.map(({ kind }) => kind)).toEqual(['release']);
});

test('what a job leaves in the background does not hold the worker, and ends with the job', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('sleep 600 & echo $!; echo done');
  const attempt = await server.reported();
  const pid = Number(logOf(attempt).split('\n')[0]);
  expect(attempt.reports[0]?.kind).toBe('complete');
  expect(isAlive(pid)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
