import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Api } from '../support/api.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

async function startWithFiles(files: Record<string, string>) {
  const server = await startServerProcess();
  const write = (name: string, text: string) => writeFileSync(join(server.workflowsDir, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { server, api: server.api(), write };
}

async function workflows(api: Api): Promise<Record<string, number>> {
  const { body } = await api.get('/api/workflows');
  return Object.fromEntries((body as { id: string; version: number }[]).map(({ id, version }) => [id, version]));
}

/** Waits until the server has logged this many loads of a workflow. */
function taken(server: ServerProcess, id: string, times: number): Promise<unknown> {
  const count = () =>
    server.log().filter(({ msg }) => RegExp(`^workflow "${id}" is (new|changed)$`).test(`${msg}`)).length;
  return until(`"${id}" is loaded ${times} times`, () => count() === times, {
    describe: () => server.output,
  });
}

const says = (word: string) => `name: Says ${word}\njobs:\n  say:\n    run: echo ${word}\n`;

test('files that are added, changed, broken, fixed and removed while the server runs', async () => {
  const { server, api, write } = await startWithFiles({});
  await startWorkerProcess(server);
  expect(await workflows(api)).toEqual({});

  write('ci.yml', says('one'));
  await taken(server, 'ci', 1);
  const first = await api.run('ci');
  expect(await api.ended(first)).toMatchObject({ name: 'Says one', workflow: 'ci', state: 'success' });

  write('ci.yml', says('two'));
  await taken(server, 'ci', 2);
  const second = await api.run('ci');
  await api.ended(second);
  expect([await api.logText(first, 'say'), await api.logText(second, 'say')]).toEqual(['one\n', 'two\n']);
  // A run keeps the definition that it started with.
  expect(await api.status(first)).toMatchObject({ name: 'Says one', version: 1 });

  write('ci.yml', 'name: CI\njobs:\n  build:\n    run: make\n    needs: [tests]\n  unit: { rum: make }\n');
  const { msg } = await server.logged(/not loaded/);
  expect(msg).toContain('ci.yml:5:13: job "build" needs "tests", which does not exist');
  expect(msg).toContain('ci.yml:6:11: job "unit": unknown key "rum", did you mean "run"?');
  // The last valid version stays and can run.
  const third = await api.run('ci');
  expect(await api.ended(third)).toMatchObject({ name: 'Says two', version: 2 });

  write('ci.yml', says('three'));
  await taken(server, 'ci', 3);
  expect((await api.status(await api.run('ci'))).version).toBe(3);

  rmSync(join(server.workflowsDir, 'ci.yml'));
  await until('ci is gone', async () => !('ci' in (await workflows(api))));
  expect(await api.post('/api/workflows/ci/run')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  // Its history is still there.
  expect((await api.status(first)).state).toBe('success');

  write('ci.yml', says('four'));
  await taken(server, 'ci', 4);
  expect(await api.status(await api.run('ci'))).toMatchObject({ name: 'Says four', version: 4 });
});

test('JSON, .yaml and .yml files are workflows, also after a rename into place; other files are not', async () => {
  const { server, api, write } = await startWithFiles({
    'a.yml': says('a'),
    'b.yaml': says('b'),
    'c.json': '{"jobs": {"say": {"run": "echo c"}}}',
    'notes.txt': 'jobs:',
    '.hidden.yml': says('hidden'),
  });
  await until('the files are loaded', async () => Object.keys(await workflows(api)).length === 3);
  // The way editors and package managers write files.
  write('.d.yml.tmp', says('d'));
  renameSync(join(server.workflowsDir, '.d.yml.tmp'), join(server.workflowsDir, 'd.yml'));
  await until('d is there', async () => 'd' in (await workflows(api)));
  expect(await workflows(api)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
  expect(await api.status('c')).toMatchObject({ id: 'c', name: 'c', state: null, run_id: null });
});

test('files are read at startup too, and a broken one does not affect the others', async () => {
  const { server, api, write } = await startWithFiles({ 'good.yml': says('hello') });
  await until('good is there', async () => 'good' in (await workflows(api)));
  await server.stop();
  write('good.yml', says('changed'));
  write('bad.yml', 'jobs:\n  a: { run: x, needs: b }\n  b: { run: x, needs: a }\n');
  await server.start();
  expect((await server.logged(/"bad" is not loaded/)).msg).toContain('jobs need each other in a cycle: a → b → a');
  expect(await workflows(api)).toEqual({ bad: 0, good: 2 });
});

test('two files with one name are reported, and the first takes effect', async () => {
  const { server, api } = await startWithFiles({ 'same.yaml': says('yaml'), 'same.yml': says('yml') });
  await server.logged(/skipped same\.yml: same\.yaml already defines the workflow "same"/);
  await until('same is there', async () => 'same' in (await workflows(api)));
  expect((await api.status('same')).name).toBe('Says yaml');
});

describe('a folder that changes without notifications', () => {
  test('is watched when it is removed and recreated, without losing a workflow in between', async () => {
    const { server, api, write } = await startWithFiles({ 'ci.yml': says('one') });
    await until('ci is there', async () => 'ci' in (await workflows(api)));
    rmSync(server.workflowsDir, { recursive: true });
    await server.logged(/workflows folder .* does not exist/);
    expect(Object.keys(await workflows(api))).toEqual(['ci']);

    mkdirSync(server.workflowsDir);
    write('ci.yml', says('two'));
    write('new.yml', says('new'));
    await until('both are loaded', async () => {
      const { ci, new: added } = await workflows(api);
      return ci === 2 && added === 1;
    });
    write('new.yml', says('newer'));
    await taken(server, 'new', 2);
  });

  test('is followed when another one is moved into its place, and when a symbolic link is switched', async () => {
    const server = await startServerProcess();
    const releases = mkdtempSync(join(tmpdir(), 'workflow-graph-releases-'));
    const release = (name: string, word: string) => {
      mkdirSync(join(releases, name));
      writeFileSync(join(releases, name, 'ci.yml'), says(word));
    };
    release('moved', 'moved');
    rmSync(server.workflowsDir, { recursive: true });
    renameSync(join(releases, 'moved'), server.workflowsDir);
    await taken(server, 'ci', 1);

    release('1', 'one');
    release('2', 'two');
    rmSync(server.workflowsDir, { recursive: true });
    symlinkSync(join(releases, '1'), server.workflowsDir);
    await taken(server, 'ci', 2);
    symlinkSync(join(releases, '2'), `${server.workflowsDir}.next`);
    renameSync(`${server.workflowsDir}.next`, server.workflowsDir);
    await taken(server, 'ci', 3);
    expect((await server.api().status('ci')).name).toBe('Says two');
    rmSync(releases, { recursive: true });
  });

  test('shows a file that was replaced by one of the same size and modification time', async () => {
    const { server, write } = await startWithFiles({ 'ci.yml': says('one') });
    await taken(server, 'ci', 1);
    const path = join(server.workflowsDir, 'ci.yml');
    const { atime, mtime } = statSync(path);
    write('.ci.next', says('two'));
    utimesSync(join(server.workflowsDir, '.ci.next'), atime, mtime);
    renameSync(join(server.workflowsDir, '.ci.next'), path);
    await taken(server, 'ci', 2);
  });

  test('loads the rest when a name leads to a pipe, a directory or nothing, and the server exits cleanly', async () => {
    const { server, api, write } = await startWithFiles({});
    execFileSync('mkfifo', [join(server.workflowsDir, 'pipe.yml')]);
    mkdirSync(join(server.workflowsDir, 'folder.yml'));
    symlinkSync('nowhere', join(server.workflowsDir, 'link.yml'));
    write('good.yml', says('good'));
    await taken(server, 'good', 1);
    expect((await server.logged(/"pipe" is not loaded/)).msg).toContain('pipe.yml: it is a named pipe, not a file');
    expect((await server.logged(/"folder" is not loaded/)).msg).toContain('folder.yml: it is a directory, not a file');
    await server.logged(/could not read link\.yml; trying again: ENOENT/);
    // An unreadable file is loaded once it becomes readable.
    writeFileSync(join(server.workflowsDir, 'nowhere'), says('link'));
    await taken(server, 'link', 1);
    expect(await workflows(api)).toEqual({ folder: 0, pipe: 0, good: 1, link: 1 });
    await server.stop();
  });
});

test('a broken file is shown with its problems, and a start names the version that runs instead', async () => {
  const { server, api, write } = await startWithFiles({ 'ci.yml': says('one'), 'new.yml': 'jobs: {}\n' });
  await taken(server, 'ci', 1);
  await server.logged(/"new" is not loaded/);
  write('ci.yml', 'jobs:\n  say:\n    rum: echo\n');
  await server.logged(/"ci" is not loaded/);

  const { body } = await api.get('/api/workflows');
  const broken = (body as { id: string; version: number; broken: { file: string; problems: object[] } | null }[]).map(
    ({ id, version, broken }) => ({ id, version, file: broken?.file, problem: broken?.problems[0] }),
  );
  expect(broken).toMatchObject([
    { id: 'new', version: 0, file: 'new.yml', problem: { message: 'the workflow has no "jobs"', line: 1 } },
    { id: 'ci', version: 1, file: 'ci.yml', problem: { line: 2 } },
  ]);
  expect(await api.post('/api/workflows/ci/run')).toMatchObject({
    status: 202,
    body: { warning: expect.stringMatching(/^ci\.yml is broken, so its last good version runs: ci\.yml:\d+:\d+: /) },
  });
  expect(await api.post('/api/workflows/new/run')).toMatchObject({
    status: 422,
    body: { code: 'invalid_definition', message: 'new.yml is broken, and no version of it was ever loaded' },
  });
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('workflow_graph_broken_workflow_files 2\n');

  write('ci.yml', says('two'));
  write('new.yml', says('new'));
  await taken(server, 'new', 1);
  await taken(server, 'ci', 2);
  expect((await api.get('/api/workflows')).body).toMatchObject([{ broken: null }, { broken: null }]);
  expect(await api.post('/api/workflows/ci/run')).toMatchObject({ body: { warning: null } });
});
