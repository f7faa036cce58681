import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

vi.setConfig({ testTimeout: 120_000 });

const at = (server: ServerProcess, ...args: string[]) => runProgram(args, { env: { SERVER_URL: server.url } });

test('every command accepts the first characters of a run id, if they are unambiguous', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const id = await api.start({ name: 'one', jobs: { build: { run: 'x' } } });
  const claim = await api.claimed('w');
  await api.pushLogs(claim, 'hello\n');
  const short = id.slice(0, 13);

  expect((await at(server, 'runs')).stdout).toMatch(new RegExp(`^RUN .*\\n${short} {2}running `));
  expect((await at(server, 'runs', '--full-ids')).stdout).toContain(`\n${id}  running `);
  expect((await at(server, 'status', short)).stdout).toContain(`  run     ${id}\n`);
  expect((await at(server, 'logs', short)).stdout).toBe('build | hello\n');
  expect((await at(server, 'logs', short, 'build')).stdout).toBe('hello\n');
  expect((await at(server, 'why', short, 'build')).stdout).toContain(`run ${id}: running`);
  expect((await at(server, 'why', short)).stdout).toContain(`run ${id}: running`);
  expect((await at(server, 'cancel', short)).stdout).toBe(`Run ${id} is being cancelled.\n`);
  // Starting by a run's id runs its workflow again.
  const again = (await at(server, 'run', short)).stdout.trim();
  expect(again).toMatch(/^[0-9a-f-]{36}$/);
  expect(again).not.toBe(id);

  // Ids begin with their time, so the two share their first characters.
  const ambiguous = await at(server, 'status', id.slice(0, 6));
  expect(ambiguous).toMatchObject({ code: 6, stdout: '' });
  expect(ambiguous.stderr).toContain(
    `"${id.slice(0, 6)}" begins the ids of several runs; give more characters: ${id} (`,
  );
  expect(ambiguous.stderr).toContain(again);
  expect((await at(server, 'status', id.slice(0, 5))).code).toBe(5);
});

test('an unknown name is answered with a similar existing one', async () => {
  const server = await startServerProcess();
  const api = server.api();
  writeFileSync(join(server.workflowsDir, 'release.yml'), 'jobs: { build: { run: x }, deploy: { run: x } }');
  await server.logged(/workflow "release" is new/);
  const id = await api.run('release');

  expect((await at(server, 'status', 'relaese')).stderr).toContain('does not exist. Did you mean "release"?\n');
  expect((await at(server, 'run', 'relase')).stderr).toContain('Did you mean "release"?');
  expect((await at(server, 'why', 'release', 'depoly')).stderr).toContain('Did you mean "deploy"?');
  expect((await at(server, 'logs', 'release', 'buidl')).stderr).toContain('Did you mean "build"?');
  expect((await at(server, 'runs', '--workflow', 'releas')).stderr).toContain('Did you mean "release"?');
  expect((await at(server, 'cancel', `${id.slice(0, 34)}zz`)).stderr).toContain(`Did you mean "${id}"?`);
  expect((await at(server, 'status', 'nothing-like-it')).stderr).not.toContain('Did you mean');
  const json = await at(server, 'status', 'relaese', '--json');
  expect(JSON.parse(json.stderr).error.message).toContain('Did you mean "release"?');
});

test('status shows when, by whom and with which inputs; equal waiting jobs share a row, and why explains the run', async () => {
  const server = await startServerProcess();
  const jobs = Array.from({ length: 5 }, (_, at) => `  deploy-${at}: { run: x, needs: image }\n`).join('');
  const file = join(server.workflowsDir, 'big.yml');
  writeFileSync(file, `on: push\njobs:\n  image: { run: x, labels: [docker] }\n${jobs}`);
  await server.logged(/workflow "big" is new/);
  const made = await runProgram(['token', 'create', '--name', 'laptop', '--scope', 'admin', '--data', server.dataDir]);
  const env = { SERVER_URL: server.url, WORKFLOW_GRAPH_TOKEN: made.stdout.trim() };
  const as = (...args: string[]) => runProgram(args, { env });
  const id = (await as('run', 'big', '-i', 'branch=main', '-i', 'tag=v1')).stdout.trim();

  const { stdout } = await as('status', id);
  const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}/.source;
  expect(stdout).toMatch(new RegExp(`\\n  created ${time} \\(.*\\) by laptop\\n`));
  expect(stdout).toContain('\n  trigger api\n  inputs  branch=main\n          tag=v1\n');
  expect(stdout).toMatch(/\n· 5 jobs {2}queued .* waits for image \(deploy-0, deploy-1, deploy-2 and 2 more\)\n/);
  expect((await as('status', id, '--all')).stdout).toMatch(/\n· deploy-4 {2}queued .* waits for image\n/);
  expect(JSON.parse((await as('runs', '--json')).stdout).runs[0]).toMatchObject({ started_by: 'laptop' });

  const why = await as('why', id);
  expect(why.stdout).toContain('· image\n    There is no live worker');
  expect(why.stdout).toContain('· 5 jobs: deploy-0, deploy-1, deploy-2, deploy-3, deploy-4\n    Waiting for image.\n');
  expect(why.stdout.indexOf('image\n')).toBeLessThan(why.stdout.indexOf('5 jobs'));
  expect(JSON.parse((await as('why', id, '--json')).stdout)).toMatchObject({
    run_id: id,
    causes: [
      { code: 'no_matching_worker', count: 1 },
      { code: 'needs_open', count: 5 },
    ],
  });

  // The last use is stored once a minute, and when the server stops.
  server.program.signal('SIGTERM');
  await server.program.ended;
  const list = await runProgram(['token', 'list', '--data', server.dataDir]);
  expect(list.stdout).toMatch(/^ID +NAME +STATE +SCOPES +LABELS +CREATED +LAST USED +EXPIRES\n/);
  expect(list.stdout).toMatch(/ laptop +valid +admin +any +.* ago +(now|\d+s ago|\d+m ago) +never\n$/);
});

test('a workflow created by a call can be removed, and a submitted file does not stay in the list', async () => {
  const server = await startServerProcess();
  const api = server.api();
  writeFileSync(join(server.workflowsDir, 'kept.yml'), 'jobs: { a: { run: x } }');
  await server.logged(/workflow "kept" is new/);
  const ids = async () =>
    (JSON.parse((await at(server, 'workflows', '--json')).stdout) as { id: string }[]).map(({ id }) => id);

  const created = await api.define({ name: 'mine', jobs: { a: { run: 'x' } } });
  expect(await ids()).toContain(created);
  expect(await at(server, 'workflows', 'rm', created)).toMatchObject({
    code: 0,
    stdout: `Workflow ${created} is removed.\n`,
  });
  expect(await ids()).toEqual(['kept']);
  expect((await at(server, 'workflows', 'rm', created)).code).toBe(0);
  expect((await at(server, 'run', created)).stderr).toContain(`workflow "${created}" was removed`);
  expect(await at(server, 'workflows', 'rm', 'nothing')).toMatchObject({ code: 5 });
  const file = await at(server, 'workflows', 'rm', 'kept');
  expect(file.code).toBe(6);
  expect(file.stderr).toContain('comes from a file of the workflows folder; delete the file to remove it');

  const sent = join(temporaryFolder(), 'once.yml');
  writeFileSync(sent, 'jobs: { a: { run: x } }');
  const { stdout } = await runProgram(['run', sent, '--server', server.url]);
  const runId = stdout.trim();
  expect(await ids()).toEqual(['kept']);
  expect((await at(server, 'status', runId)).stdout).toContain('waits for a worker');
  expect((await at(server, 'cancel', runId)).code).toBe(0);
  await api.ended(runId);
  await runProgram(['prune', '--older-than', '0s', '--data', server.dataDir]);
  // Neither the run, which was the newest of its workflow, nor the definition remains.
  expect((await at(server, 'runs')).stdout).toBe('No runs match.\n');
  expect((await runProgram(['doctor', '--data', server.dataDir])).code).toBe(0);
});
