import { cpSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';
import { everyLabel } from './every-label.js';

const folder = fileURLToPath(new URL('../../examples/workflows/', import.meta.url));
const files = readdirSync(folder);

test('every example is valid', async () => {
  const { code, stdout, stderr } = await runProgram(['validate', ...files.map((file) => `${folder}${file}`)]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(files.length);
});

test('every example runs to success on workers that have its labels', async () => {
  const server = await startServerProcess();
  const api = server.api();
  await startWorkerProcess(server, { labels: everyLabel, slots: 4, workdir: temporaryFolder() });
  cpSync(folder, server.workflowsDir, { recursive: true });
  for (const file of files) {
    const id = file.replace(/\.yml$/, '');
    await server.logged(new RegExp(`^workflow "${id}" is new$`));
    const ended = await api.ended(await api.run(id));
    expect(ended.state, `${file}: ${JSON.stringify(states(ended))}`).toBe('success');
  }
  const production = await api.ended(await api.run('conditions', { target: 'production' }));
  expect(states(production)).toEqual({
    build: 'success',
    deploy: 'success',
    'tell-the-team': 'skipped',
    'clean-up': 'success',
  });
  expect(states(await api.status(await api.run('conditions')))).not.toEqual(states(production));
  const broken = await api.ended(await api.run('monorepo', { break: 'web' }));
  expect(states(broken)).toMatchObject({
    api: 'success',
    web: 'failure',
    'web-browser-tests': 'skipped',
    gate: 'failure',
  });
  expect(await api.logText(broken.id, 'gate')).toBe('failed: WEB\n');

  const older = await api.run('ci-by-branch', { branch: 'fix', seconds: '600' });
  const other = await api.run('ci-by-branch', { branch: 'main', seconds: '1' });
  await until('the older run has begun', async () => states(await api.status(older)).test === 'running');
  const newer = await api.ended(await api.run('ci-by-branch', { branch: 'fix' }));
  expect(newer.state).toBe('success');
  expect(states(await api.ended(older))).toEqual({ test: 'cancelled', 'clean-up': 'success' });
  expect((await api.ended(other)).state).toBe('success');
  const joined = await api.ended(await api.run('each-file'));
  expect(await api.logText(joined.id, 'join')).toBe('45150 rows in 300 files\n');
  const hello = await api.ended(await api.run('hello', { name: 'you' }));
  expect(await api.logText(hello.id, 'greet')).toBe('Hello, you\n');
});
