import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

vi.setConfig({ testTimeout: 120_000 });

const first = 'name: Release\njobs:\n  build: { run: make }\n';
const second = 'name: Release\njobs:\n  build: { run: make all }\n  ship: { run: ./ship, needs: build }\n';

/** A server with two versions of a workflow file. */
async function twoVersions() {
  const server = await startServerProcess();
  const file = join(server.workflowsDir, 'release.yml');
  writeFileSync(file, first);
  await server.logged(/workflow "release" is new/);
  writeFileSync(file, second);
  await until('the second version', async () => {
    const { body } = await server.api().get('/api/workflows/release/versions');
    return (body as { versions: unknown[] }).versions.length === 2;
  });
  return server;
}

test('the texts of a definition are shown, listed and compared', async () => {
  const server = await twoVersions();
  const at = (...args: string[]) => runProgram(['workflows', ...args, '--server', server.url]);

  expect(await at('show', 'release')).toMatchObject({ code: 0, stdout: second, stderr: '' });
  expect(await at('show', 'release', '--version', '1')).toMatchObject({ code: 0, stdout: first });
  const json = await at('show', 'release', '--version', '1', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ text: first, version: { number: 1, file: 'release.yml' } });

  const versions = await at('versions', 'release');
  expect(versions.stdout).toMatch(/^VERSION +LOADED +FROM/);
  expect(versions.stdout).toMatch(/\n2 \(current\) .*release\.yml .*\n1 /);
  expect((await at('versions', 'release', '--limit', '1')).stdout).not.toMatch(/^1 /m);

  const difference = `--- release version 1
+++ release version 2
@@ -1,3 +1,4 @@
 name: Release
 jobs:
-  build: { run: make }
+  build: { run: make all }
+  ship: { run: ./ship, needs: build }
`;
  expect(await at('diff', 'release')).toMatchObject({ code: 0, stdout: difference });
  expect(await at('diff', 'release', '1', '2')).toMatchObject({ code: 0, stdout: difference });
  expect(await at('diff', 'release', '2', '2')).toMatchObject({
    code: 0,
    stdout: 'Versions 2 and 2 have the same text.\n',
  });
  // The options of the server may also stand before the subcommand.
  expect(await runProgram(['workflows', '--server', server.url, 'show', 'release'])).toMatchObject({ stdout: second });
});

test('a version that does not exist, and text that is not a version number, are named', async () => {
  const server = await twoVersions();
  const at = (...args: string[]) => runProgram(['workflows', ...args, '--server', server.url]);

  expect(await at('show', 'nothing')).toMatchObject({ code: 5, stdout: '' });
  const missing = await at('show', 'release', '--version', '9');
  expect(missing).toMatchObject({ code: 5, stdout: '' });
  expect(missing.stderr).toContain('9');
  const wrong = await at('show', 'release', '--version', 'x');
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('It must be the number of a version, from 1.');
  writeFileSync(join(server.workflowsDir, 'single.yml'), first);
  await server.logged(/workflow "single" is new/);
  const oldest = await at('diff', 'single');
  expect(oldest).toMatchObject({ code: 1, stdout: '' });
  expect(oldest.stderr).toBe('error: version 1 is the oldest one: there is nothing to compare it with\n');
});
