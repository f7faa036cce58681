import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ServerHere } from '../support/running-server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

test('a client on the types that openapi-typescript makes of the description compiles and works', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'workflow-graph-openapi-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const generator = join(root, 'test/openapi/node_modules/openapi-typescript/bin/cli.js');
  await run(process.execPath, [generator, join(root, 'schema/openapi.json'), '--output', join(folder, 'api.d.ts')]);
  await copyFile(join(root, 'test/openapi/client.ts'), join(folder, 'client.ts'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const options = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', folder]).catch(({ stdout }) => expect(stdout).toBe(''));

  const here = await new ServerHere().start();
  onTestFinished(() => here.end());
  const { stdout } = await run(process.execPath, [join(folder, 'client.js'), here.url]);
  expect(JSON.parse(stdout)).toEqual({
    isOfRun: true,
    delaySecs: 1,
    delayedUntilMs: 0,
    status: 'running',
    durationSecs: null,
    metadata: {},
  });
});
