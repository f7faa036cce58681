import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
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
  expect(report).toEqual({ kind: 'fail', body: { error: 'exit status 7\nno such thing', retryable: true } });
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

test('a job that was killed says by which signal', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('kill -KILL $$');
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({ kind: 'fail', body: { error: 'killed by SIGKILL', retryable: true } });
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

test('a shell that cannot be started fails the job retryably', async () => {
  const server = await startServer();
  startWorker(server, { workdir: '/nowhere' });
  server.push('true');
  const [report] = (await server.reported()).reports;
  expect(report?.body.error).toMatch(/^the shell could not be started: .*ENOENT/);
  expect(report?.body.retryable).toBe(true);
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
