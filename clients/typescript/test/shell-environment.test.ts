import { expect, test } from 'vitest';
import { shellExecutor, Worker } from '../src/index.js';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

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
