import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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

/** Waits until the server has said so many times that it took a workflow in. */
function taken(server: ServerProcess, id: string, times: number): Promise<unknown> {
  const count = () =>
    server.log().filter(({ msg }) => RegExp(`^workflow "${id}" is (new|changed)$`).test(`${msg}`)).length;
  return until(`"${id}" is taken in ${times} times`, () => count() === times, {
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
  // A run keeps the definition that it began with.
  expect(await api.status(first)).toMatchObject({ name: 'Says one', version: 1 });

  write('ci.yml', 'name: CI\njobs:\n  build:\n    run: make\n    needs: [tests]\n  unit: { rum: make }\n');
  const { msg } = await server.logged(/not loaded/);
  expect(msg).toContain('ci.yml:5:13: job "build" needs "tests", which does not exist');
  expect(msg).toContain('ci.yml:6:11: job "unit": unknown key "rum", did you mean "run"?');
  // The last good version stays, and can run.
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

test('JSON, .yaml and .yml files are workflows, a file moved into place is one, other files are not', async () => {
  const { server, api, write } = await startWithFiles({
    'a.yml': says('a'),
    'b.yaml': says('b'),
    'c.json': '{"jobs": {"say": {"run": "echo c"}}}',
    'notes.txt': 'jobs:',
    '.hidden.yml': says('hidden'),
  });
  await until('the files are read', async () => Object.keys(await workflows(api)).length === 3);
  // As editors and package managers write files.
  write('.d.yml.tmp', says('d'));
  renameSync(join(server.workflowsDir, '.d.yml.tmp'), join(server.workflowsDir, 'd.yml'));
  await until('d is there', async () => 'd' in (await workflows(api)));
  expect(await workflows(api)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
  expect(await api.status('c')).toMatchObject({ id: 'c', name: 'c', state: null, run_id: null });
});

test('files are read at the start too, a broken one keeps nobody else from working', async () => {
  const { server, api, write } = await startWithFiles({ 'good.yml': says('hello') });
  await until('good is there', async () => 'good' in (await workflows(api)));
  await server.stop();
  write('good.yml', says('changed'));
  write('bad.yml', 'jobs:\n  a: { run: x, needs: b }\n  b: { run: x, needs: a }\n');
  await server.start();
  expect((await server.logged(/"bad" is not loaded/)).msg).toContain('jobs need each other in a cycle: a → b → a');
  expect(await workflows(api)).toEqual({ good: 2 });
});

test('two files of one name are said, and the first counts', async () => {
  const { server, api } = await startWithFiles({ 'same.yaml': says('yaml'), 'same.yml': says('yml') });
  await server.logged(/same\.yml is passed over: same\.yaml defines the workflow "same" already/);
  await until('same is there', async () => 'same' in (await workflows(api)));
  expect((await api.status('same')).name).toBe('Says yaml');
});
