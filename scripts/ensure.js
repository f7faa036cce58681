// Makes a clone ready to run: installs the packages of the lock file and compiles what is out of date. Runs on Node 20,
// before anything is installed, and does nothing when nothing is to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installedMark = join(root, 'node_modules/.workflow-graph-installed');
const builtMark = join(root, 'dist/.workflow-graph-built');

if (!isInstalled() || !isBuilt()) alone();

/** Two at once would install over each other: the second waits, and then finds everything done. */
function alone() {
  const lock = join(root, '.setup-lock');
  const giveUpAt = Date.now() + 10 * 60_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() > giveUpAt) {
        process.stderr.write(`workflow-graph: another set-up holds ${lock}; remove it if there is none\n`);
        process.exit(1);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.on('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  ensureInstalled();
  ensureBuilt();
  release();
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function isInstalled() {
  return existsSync(installedMark) && readFileSync(installedMark, 'utf8') === lockHash();
}

function ensureInstalled() {
  if (isInstalled()) return;
  say('installing packages (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installedMark, lockHash());
}

function isBuilt() {
  const sources = ['src', 'gen', 'clients/typescript/src', 'tsconfig.json', 'tsconfig.base.json'];
  const newest = Math.max(...sources.map((path) => newestIn(join(root, path))));
  return existsSync(builtMark) && statSync(builtMark).mtimeMs > newest;
}

function ensureBuilt() {
  if (isBuilt()) return;
  say('compiling');
  run(join(root, 'node_modules/node/bin/node'), [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(builtMark, '');
}

/** The latest change at or below a path, in Unix milliseconds. */
function newestIn(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined || status !== 0) {
    process.stderr.write(
      `workflow-graph: ${command} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}\n`,
    );
    process.exit(1);
  }
}

function say(what) {
  process.stderr.write(`workflow-graph: ${what} …\n`);
}
