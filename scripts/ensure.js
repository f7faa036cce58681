// Makes a clone ready to run: installs the packages of the lock file and compiles what is out of date. Runs on Node 20,
// before anything is installed, and does nothing when nothing is to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installedMark = join(root, 'node_modules/.workflow-graph-installed');
const builtMark = join(root, 'dist/.workflow-graph-built');

ensureInstalled();
ensureBuilt();

function ensureInstalled() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(installedMark) && readFileSync(installedMark, 'utf8') === lock) return;
  say('installing packages (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installedMark, lock);
}

function ensureBuilt() {
  const newest = Math.max(
    ...['src', 'gen', 'clients/typescript/src', 'tsconfig.json', 'tsconfig.base.json'].map((path) =>
      newestIn(join(root, path)),
    ),
  );
  if (existsSync(builtMark) && statSync(builtMark).mtimeMs > newest) return;
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
