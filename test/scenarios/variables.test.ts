import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { startWorkerProcess } from '../support/worker-process.js';

const example = fileURLToPath(new URL('../../examples/workflows/variables.yml', import.meta.url));

test('the documented example runs with variables set on the command line, and a run keeps their values', async () => {
  const server = await startServerProcess();
  const api = server.api();
  cpSync(example, join(server.workflowsDir, 'variables.yml'));
  await server.logged(/^workflow "variables" is new$/);
  const variable = (...args: string[]) => runProgram(['variable', ...args, '--server', server.url]);

  const set = await variable('set', 'region', 'us-east-1');
  expect(set).toMatchObject({ code: 0, stdout: 'Variable region of the server is set.\n' });
  const early = await api.run('variables');
  await variable('set', 'region', 'us-west-2', '--workflow', 'variables');
  await variable('set', 'quiet', 'yes');
  const late = await api.run('variables');
  expect((await variable('list')).stdout).toMatch(/quiet +yes .*\nregion +us-east-1 .*\nregion +variables +us-west-2 /);
  await variable('delete', 'region');
  await startWorkerProcess(server);
  expect((await api.ended(early)).state).toBe('success');
  expect(await api.logText(early, 'deploy')).toBe('deploying to us-east-1\n');
  expect(await api.logText(early, 'announce')).toBe('deployed\n');
  const ended = await api.ended(late);
  expect(ended).toMatchObject({ state: 'success', run_name: 'Deploy to us-west-2' });
  expect(await api.logText(late, 'deploy')).toBe('deploying to us-west-2\n');
  expect((await api.job(late, 'announce')).status).toBe('skipped');

  const missing = await variable('delete', 'region');
  expect(missing).toMatchObject({ code: 5, stderr: 'error: variable "region" of the server does not exist\n' });
  const bad = await variable('set', 'a b', 'x');
  expect(bad.stderr).toContain('name: the name of a variable must begin with a letter');
});
