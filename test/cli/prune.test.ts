import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';

const prune = (server: ServerProcess, ...flags: string[]) => runProgram(['prune', '--data', server.dataDir, ...flags]);

/** Ends some runs of one workflow, each with a log line. */
async function finishRuns(server: ServerProcess, count: number): Promise<string> {
  const api = server.api();
  const workflow = await api.define({ name: 'w', jobs: { a: { run: 'x' } } });
  for (let at = 0; at < count; at++) {
    await api.run(workflow);
    const claim = await api.claimed('w1');
    await api.pushLogs(claim, 'hello\n');
    await api.complete(claim);
  }
  return workflow;
}

function countOf(server: ServerProcess, table: 'runs' | 'jobs' | 'log_chunks'): number {
  const database = new Database(server.databaseFile, { readonly: true });
  try {
    return (database.prepare(`select count(*) as count from ${table}`).get() as { count: number }).count;
  } finally {
    database.close();
  }
}

test('prune deletes what is older than the given age while a server runs', async () => {
  const server = await startServerProcess();
  const workflow = await finishRuns(server, 12);
  const running = await server.api().run(workflow);
  expect(await prune(server)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Deleted 0 runs, and the logs of 0 others in /),
  });
  expect(await prune(server, '--older-than', '1h')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('0 runs'),
  });
  expect(await prune(server, '--older-than', '0s', '--logs-older-than', '0s', '--dry-run')).toMatchObject({
    stdout: 'Would delete 12 runs, and the logs of 0 others.\n',
  });
  expect(countOf(server, 'runs')).toBe(13);

  const logs = await prune(server, '--logs-older-than', '0s', '--json');
  expect(JSON.parse(logs.stdout)).toMatchObject({ dry_run: false, runs: 0, logs: 12 });
  expect([countOf(server, 'runs'), countOf(server, 'log_chunks')]).toEqual([13, 0]);

  const runs = await prune(server, '--older-than', '0s', '--json');
  expect(JSON.parse(runs.stdout)).toMatchObject({ runs: 12, logs: 0 });
  expect([countOf(server, 'runs'), countOf(server, 'jobs')]).toEqual([1, 1]);

  // The server had all of them in memory, and continues.
  const claim = await server.api().claimed('w1');
  expect((await server.api().complete(claim)).status).toBe(200);
  expect((await server.api().ended(running)).jobs[0]?.status).toBe('success');
  await finishRuns(server, 2);
  await server.stop();
  expect((await runProgram(['doctor', '--data', server.dataDir])).code).toBe(0);
});

test('without ages it uses the settings, and a setting that keeps everything is an error', async () => {
  const server = await startServerProcess({ env: { RETENTION_RUNS_DAYS: '0', RETENTION_LOGS_DAYS: '0' } });
  await finishRuns(server, 3);
  const env = { RETENTION_RUNS_DAYS: '0', RETENTION_LOGS_DAYS: '0.000001' };
  const logs = await runProgram(['prune', '--json', '--data', server.dataDir], { env });
  expect(JSON.parse(logs.stdout)).toMatchObject({ runs: 0, logs: 3 });
  const kept = await runProgram(['prune', '--data', server.dataDir], { env: { ...env, RETENTION_LOGS_DAYS: '0' } });
  expect(kept).toMatchObject({ code: 2, stderr: expect.stringContaining('give --older-than <age>') });
  expect(await prune(server, '--older-than', 'long')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('It must be a number with a unit: 30m, 12h, 90d.'),
  });
});
