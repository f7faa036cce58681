// `npm run interop`: runs third-party programs, and clients generated from the API description, against a server of
// this repository. Not part of `npm test`; see test/interop/README.md.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');

const oapiCodegen = 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2';
const pythonPackages = ['openapi-python-client==0.29.1'];

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');
const kept = process.env.INTEROP_DIR ?? join(tmpdir(), 'workflow-graph-interop');
const description = join(root, 'schema/openapi.json');

/** Each builds what it needs, and returns the command that takes a server's address. */
const parts = {
  rust() {
    const target = join(kept, 'cargo-target');
    const env = { CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: '0' };
    run('cargo', ['build', '--locked'], { cwd: join(root, 'test/interop/rust'), env });
    const marks = mkdtempSync(join(tmpdir(), 'workflow-graph-marks-'));
    process.on('exit', () => rmSync(marks, { recursive: true, force: true }));
    return (url) => [join(target, 'debug/workflow-graph-interop'), [url, marks]];
  },
  go() {
    const folder = join(kept, 'go');
    cpSync(join(root, 'test/interop/go'), folder, { recursive: true });
    mkdirSync(join(folder, 'api'), { recursive: true });
    const output = ['-generate', 'types,client', '-package', 'api', '-o', join(folder, 'api/api.go')];
    run('go', ['run', oapiCodegen, ...output, description], { cwd: folder, env: {} });
    run('go', ['vet', './...'], { cwd: folder, env: {} });
    run('go', ['build', '-o', 'interop', '.'], { cwd: folder, env: {} });
    return (url) => [join(folder, 'interop'), [url]];
  },
  python() {
    const folder = join(kept, 'python');
    cpSync(join(root, 'test/interop/python'), folder, { recursive: true });
    const venv = join(folder, 'venv');
    if (!existsSync(join(venv, 'bin/openapi-python-client'))) {
      run('python3', ['-m', 'venv', venv], { cwd: folder, env: {} });
      run(join(venv, 'bin/pip'), ['install', '--quiet', ...pythonPackages], { cwd: folder, env: {} });
    }
    const env = { PATH: `${join(venv, 'bin')}:${process.env.PATH}` };
    const where = ['--path', description, '--output-path', 'generated', '--meta', 'none', '--overwrite'];
    run(join(venv, 'bin/openapi-python-client'), ['generate', ...where], { cwd: folder, env });
    return (url) => [join(venv, 'bin/python'), [join(folder, 'main.py'), url]];
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => parts[name] === undefined);
if (unknown !== undefined) fail(`unknown part "${unknown}"; there are ${Object.keys(parts).join(', ')}`);
mkdirSync(kept, { recursive: true });

let failed = 0;
for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
  const command = parts[name]();
  const status = await withServer((url) => finished(...command(url)));
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${name}\n`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);

/** Runs a server on a free port and an empty folder while `use` runs. */
async function withServer(use) {
  const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-interop-server-'));
  mkdirSync(join(folder, 'workflows'));
  const flags = ['serve', '--port', '0', '--data', join(folder, 'data'), '--workflows', join(folder, 'workflows')];
  const server = spawn(node, [join(root, 'dist/src/main.js'), ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    return await use(await addressOf(server));
  } finally {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The address in the server's log. */
function addressOf(server) {
  return new Promise((resolve, reject) => {
    let said = '';
    const read = (bytes) => {
      said += bytes;
      const [url] = /http:\/\/[\w.[\]:]+:\d+/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    };
    for (const stream of [server.stdout, server.stderr]) stream.on('data', read);
    server.once('exit', () => reject(new Error(`the server ended: ${said}`)));
  });
}

function finished(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', (error) => fail(`${program}: ${error.message}`));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function run(program, args, { cwd, env }) {
  const { status, error } = spawnSync('nice', ['-n', '10', program, ...args], {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error !== undefined || status !== 0) fail(`${program} ${args.join(' ')} failed in ${cwd}`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
