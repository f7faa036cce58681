import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RetryableError, shellExecutor, Worker } from '../src/index.js';
import { sweepWorkspaces } from '../src/shell/fresh-workspace.js';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

test('output of both streams arrives complete, each in order, under one sequence', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('i=0; while [ $i -lt 3000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done');
  const attempt = await server.reported();
  const expected = (name: string) => Array.from({ length: 3000 }, (_, i) => `${name} ${i}\n`).join('');
  expect(logOf(attempt, 'stdout')).toBe(expected('out'));
  expect(logOf(attempt, 'stderr')).toBe(expected('err'));
  expect(attempt.reports).toEqual([{ kind: 'complete', body: { outputs: {} } }]);
});

test('output keeps its order across the streams when there is time between the writes', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('for i in 1 2 3 4 5; do echo "o$i"; sleep 0.03; echo "e$i" >&2; sleep 0.03; done');
  expect(logOf(await server.reported())).toBe('o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n');
});

test('output arrives while the job runs', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo early; sleep 30');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  expect(logOf(attempt)).toBe('early\n');
  expect(attempt.reports).toEqual([]);
});

test('a character that is cut by the reads is put together, and bytes that are no UTF-8 become U+FFFD', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(
    `printf '\\342\\202'; sleep 0.1; printf '\\254 \\360\\237'; sleep 0.1; printf '\\230\\200 [\\377] \\342\\202'`,
  );
  expect(logOf(await server.reported())).toBe('€ 😀 [\uFFFD] \uFFFD');
});

test('ten megabytes of output arrive unchanged, in calls of about the batch size', async () => {
  const server = await startServer();
  startWorker(server, { unsentLogBytesMax: 256 * 1024 });
  server.push('head -c 10000000 /dev/zero | tr "\\0" "x"; echo; echo end');
  const log = logOf(await server.reported());
  expect(log.length).toBe(10_000_005);
  expect(log.endsWith('x\nend\n')).toBe(true);
  const calls = server.seen.filter((request) => request.path.endsWith('/logs'));
  expect(Math.max(...calls.map((call) => JSON.stringify(call.body).length))).toBeLessThan(80 * 1024);
});

test('a job that writes more than can be sent has to wait, and loses nothing', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { unsentLogBytesMax: 64 * 1024 });
  server.fault = { path: /logs$/, status: 503 };
  const directory = mkdtempSync(join(tmpdir(), 'worker-test-'));
  server.push(`head -c 2000000 /dev/zero | tr "\\0" "x"; touch ${directory}/written`);
  await event('server-away');
  await sleep(700);
  expect(existsSync(`${directory}/written`)).toBe(false);
  server.fault = null;
  const attempt = await server.reported();
  expect(existsSync(`${directory}/written`)).toBe(true);
  expect(logOf(attempt).length).toBe(2_000_000);
  rmSync(directory, { recursive: true });
});

test('a script may open its output by name', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo one > /dev/stderr; echo two | tee /dev/stderr >/dev/null; echo three > /dev/stdout');
  const attempt = await server.reported();
  expect(attempt.reports[0]?.kind).toBe('complete');
  expect(logOf(attempt, 'stderr')).toBe('one\ntwo\n');
});

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

test('outputs come from the outputs file and from ::set-output, and the file wins', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`
    echo "::set-output version=1.2.3"
    echo "::set-output url=s3://bucket/a=b.tar.gz"
    echo "::set-output both=stdout"
    echo " ::set-output indented=no"
    echo "::set-output error=no" >&2
    echo "both=file" >> "$WORKFLOW_GRAPH_OUTPUT"
    printf 'text<<EOF\\nfirst\\nsecond=2\\nEOF\\n' >> "$WORKFLOW_GRAPH_OUTPUT"
    printf '::set-output last=no newline'`);
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({
    kind: 'complete',
    body: {
      outputs: {
        version: '1.2.3',
        url: 's3://bucket/a=b.tar.gz',
        both: 'file',
        last: 'no newline',
        text: 'first\nsecond=2',
      },
    },
  });
});

test('an outputs file that cannot be read fails the job for good and names the line', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo "fine=1" >> $WORKFLOW_GRAPH_OUTPUT; echo "nonsense" >> $WORKFLOW_GRAPH_OUTPUT');
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({
    kind: 'fail',
    body: { error: 'outputs file, line 2: expected key=value or key<<END', retryable: false },
  });
});

test('a job finds ids, env, inputs and upstream outputs in its environment and in the context file', async () => {
  const server = await startServer();
  startWorker(server, { token: 'secret-token' });
  server.push('env; echo ---; cat "$WORKFLOW_GRAPH_CONTEXT"', {
    jobId: 'deploy',
    extra: {
      attempt: 2,
      env: { CI: 'true' },
      inputs: { 'dry-run': 'no' },
      upstream_outputs: { 'build-it': { 'artifact.url': 's3://bucket/a', __proto__x: 'y' } },
    },
  });
  const attempt = await server.reported('deploy');
  const [environment = '', context = ''] = logOf(attempt, 'stdout').split('---\n');
  expect(environment.split('\n')).toEqual(
    expect.arrayContaining([
      'CI=true',
      'INPUT_DRY_RUN=no',
      'NEEDS_BUILD_IT_ARTIFACT_URL=s3://bucket/a',
      'WORKFLOW_GRAPH_RUN_ID=run-1',
      'WORKFLOW_GRAPH_WORKFLOW=ci',
      'WORKFLOW_GRAPH_JOB_ID=deploy',
      'WORKFLOW_GRAPH_ATTEMPT=2',
      'WORKFLOW_GRAPH_WORKER_ID=w1',
    ]),
  );
  expect(JSON.parse(context)).toMatchObject({
    run_id: 'run-1',
    workflow: 'ci',
    job_id: 'deploy',
    attempt: 2,
    worker_id: 'w1',
    inputs: { 'dry-run': 'no' },
    upstream_outputs: { 'build-it': { 'artifact.url': 's3://bucket/a' } },
    job: { job_id: 'deploy', command: 'env; echo ---; cat "$WORKFLOW_GRAPH_CONTEXT"' },
  });
});

test('neither the token nor the lease id is in a job’s environment or context', async () => {
  process.env.WORKFLOW_GRAPH_TOKEN = 'secret-token';
  process.env.MY_COPY = 'secret-token';
  const server = await startServer();
  server.token = 'secret-token';
  startWorker(server, { token: 'secret-token' });
  server.push('env; cat "$WORKFLOW_GRAPH_CONTEXT"; ls -A "$(dirname "$WORKFLOW_GRAPH_CONTEXT")"');
  const attempt = await server.reported();
  delete process.env.WORKFLOW_GRAPH_TOKEN;
  delete process.env.MY_COPY;
  expect(logOf(attempt)).toContain('WORKFLOW_GRAPH_RUN_ID=run-1');
  expect(logOf(attempt)).not.toContain('secret-token');
  expect(logOf(attempt)).not.toContain(attempt.leaseId);
});

test('a command, an input and an upstream output too long for an argument still reach the job', async () => {
  const server = await startServer();
  startWorker(server);
  const big = 'b'.repeat(300_000);
  server.push(`: ${big}\necho "input \${INPUT_BIG:-left out}"; grep -c ${'b'.repeat(50)} "$WORKFLOW_GRAPH_CONTEXT"`, {
    extra: { inputs: { big }, upstream_outputs: { up: { big } } },
  });
  expect(logOf(await server.reported())).toBe('input left out\n5\n');
});

test('a command with a NUL character fails for good', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo a\0b');
  const [report] = (await server.reported()).reports;
  expect(report?.body).toEqual({
    error: 'the command holds a NUL character, which no shell takes',
    retryable: false,
  });
});

test('a job that removes its outputs file, or the directory that it is in, succeeds without outputs from it', async () => {
  const server = await startServer();
  startWorker(server);
  for (const command of ['rm "$WORKFLOW_GRAPH_OUTPUT"', 'rm -rf "$(dirname "$WORKFLOW_GRAPH_OUTPUT")"']) {
    server.push(`echo "::set-output a=1"; ${command}`, { jobId: command });
    expect((await server.reported(command)).reports).toEqual([{ kind: 'complete', body: { outputs: { a: '1' } } }]);
  }
});

test('a byte order mark at the start of the outputs file is no part of the first key', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`printf '\\357\\273\\277a=1\\n' > "$WORKFLOW_GRAPH_OUTPUT"`);
  expect((await server.reported()).reports).toEqual([{ kind: 'complete', body: { outputs: { a: '1' } } }]);
});

test.each([
  ['a FIFO', 'rm "$WORKFLOW_GRAPH_OUTPUT"; mkfifo "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a link to a device', 'ln -sf /dev/zero "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a link to a file', 'ln -sf /etc/hostname "$WORKFLOW_GRAPH_OUTPUT"'],
  ['a directory', 'rm "$WORKFLOW_GRAPH_OUTPUT"; mkdir "$WORKFLOW_GRAPH_OUTPUT"'],
])('%s in the place of the outputs file fails the job for good and does not stall the worker', async (_, command) => {
  const server = await startServer();
  startWorker(server);
  server.push(command, { jobId: 'bad' });
  expect((await server.reported('bad')).reports).toEqual([
    {
      kind: 'fail',
      body: { error: expect.stringMatching(/^outputs file: it is not a regular file/), retryable: false },
    },
  ]);
  server.push('echo fine', { jobId: 'next' });
  expect(logOf(await server.reported('next'))).toBe('fine\n');
});

test('an outputs file that is too large is not read whole', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('head -c 2000000 /dev/zero | tr "\\0" "x" > "$WORKFLOW_GRAPH_OUTPUT"');
  expect((await server.reported()).reports).toEqual([
    {
      kind: 'fail',
      body: { error: expect.stringMatching(/^outputs file: it has more than 1048576 bytes/), retryable: false },
    },
  ]);
});

test('a job gets an allow-list of the worker’s environment and what passEnv names', async () => {
  const server = await startServer();
  const given = {
    LC_TIME: 'C',
    TZ: 'UTC',
    DATABASE_URL: 'postgres://user:secret@db/x',
    SERVER_URL: 'http://user:secret@localhost',
    AWS_REGION: 'eu-1',
    AWS_TOKEN: 'secret-token',
    WORKER_LABELS: 'a',
    CACHE_DIR: '/cache',
    OTHER: 'left out',
  };
  Object.assign(process.env, given);
  try {
    startWorker(server, { token: 'secret-token', passEnv: ['CACHE_DIR', 'AWS_*', 'NOT_SET'] });
    server.push('env', { extra: { env: { DATABASE_URL: 'of the job' } } });
    const lines = logOf(await server.reported())
      .trimEnd()
      .split('\n');
    const names = lines.map((line) => line.slice(0, line.indexOf('=')));
    expect(lines).toEqual(
      expect.arrayContaining(['LC_TIME=C', 'TZ=UTC', 'CACHE_DIR=/cache', 'AWS_REGION=eu-1', 'DATABASE_URL=of the job']),
    );
    for (const absent of ['OTHER', 'SERVER_URL', 'WORKER_LABELS', 'AWS_TOKEN', 'NOT_SET'])
      expect(names).not.toContain(absent);
    expect(lines.join('\n')).not.toContain('secret');
  } finally {
    for (const name of Object.keys(given)) delete process.env[name];
  }
});

test.each([['DATABASE_URL'], ['SERVER_URL'], ['WORKER_ID'], ['WORKFLOW_GRAPH_TOKEN_FILE']])(
  'passEnv refuses %s, a setting of the program itself',
  (name) => {
    expect(() => new Worker({ passEnv: [name] })).toThrow(`passEnv: ${name} is a setting of workflow-graph`);
    expect(() => shellExecutor({ passEnv: [name] })).toThrow(`passEnv: ${name} is a setting of workflow-graph`);
  },
);

test('passEnv refuses what is no name', () => {
  expect(() => shellExecutor({ passEnv: ['A=B'] })).toThrow('passEnv: "A=B" is not the name of a variable');
});

test('the names of derived variables have one underscore for each character that is no ASCII letter or digit', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('env', { extra: { inputs: { 'straße.😀': 'x' }, upstream_outputs: { ınfo: { k1: 'y' } } } });
  expect(logOf(await server.reported()).split('\n')).toEqual(
    expect.arrayContaining(['INPUT_STRA_E__=x', 'NEEDS__NFO_K1=y']),
  );
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

test('output that a background process writes just after the shell’s end is kept', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('(sleep 0.5; echo late) & echo first');
  expect(logOf(await server.reported())).toBe('first\nlate\n');
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
