// Makes a clone ready: installs the packages of the lock file and builds what is out of date. Runs on Node 20, before
// anything is installed, and does nothing if everything is up to date.
//
// Running the program needs the dependencies of the package and of the workspaces (`npm ci --omit=dev`). The tools of
// the tests, linters and generators are the development dependencies, four times as large.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOldNode, ownNode } from '../bin/own-node.js';
import { programFile } from '../bin/program-file.js';
import { installOwnNode } from './own-node.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const installedMark = join(root, 'node_modules/.workflow-graph-installed');
const builtMark = join(root, 'dist/.workflow-graph-built');
const workerFile = join(root, 'dist/worker.mjs');
const bundle = `${root}dist/bundle/main.js`;
const clientsMark = join(root, 'dist/clients/clients.json');
const pageMark = join(root, 'dist/web/index.html');
/** One of the tools. A clone that has them keeps them. */
const aTool = join(root, 'node_modules/vitest');

/** Installs and compiles what is missing, including the tools if requested or installed before. */
export async function setUp({ withTools }) {
  if (isReady(withTools)) return;
  const release = await alone();
  try {
    const ownNode = ensureOwnNode(withTools);
    await ensureInstalled(withTools || existsSync(aTool));
    if (!canBundle) await ownNode;
    // The bundle must be newer than what tsc writes, to count as what was compiled last (bin/program-file.js).
    const compiled = withTools ? ensureBuilt() : null;
    await Promise.all([
      ownNode,
      ensurePageBuilt(),
      Promise.resolve(compiled).then(() =>
        Promise.all([ensureBundleBuilt(), ensureWorkerFileBuilt(), ensureClientsBuilt()]),
      ),
    ]);
  } finally {
    release();
  }
}

function isReady(withTools) {
  return (
    isInstalled(withTools) &&
    hasNode() &&
    (isBuilt() || !withTools) &&
    isWorkerFileBuilt() &&
    isBundleBuilt() &&
    areClientsBuilt() &&
    isPageBuilt()
  );
}

/** Two concurrent runs would overwrite each other's files: the second waits, and then finds everything done. */
async function alone() {
  const lock = join(root, '.setup-lock');
  const giveUpAt = Date.now() + 10 * 60_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() > giveUpAt) fail(`another set-up holds ${lock}; remove it if none is running`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.on('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  return release;
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** The lock file of the installed packages, and whether the tools are installed. */
function installed() {
  const [hash, tools] = existsSync(installedMark) ? readFileSync(installedMark, 'utf8').split(' ') : [];
  return { isCurrent: hash === lockHash(), hasTools: tools === 'tools' };
}

function isInstalled(withTools) {
  const { isCurrent, hasTools } = installed();
  return isCurrent && (hasTools || !withTools);
}

const hasNode = () => !isOldNode || ownNode(root) !== null;

/** Whether the bundlers run on this Node. */
const [major, minor] = process.versions.node.split('.').map(Number);
const canBundle = major > 20 || (major === 20 && minor >= 19);

async function ensureInstalled(withTools) {
  if (isInstalled(withTools)) return;
  say(withTools ? 'installing packages and tools, 700 MB, about a minute' : 'installing packages, 160 MB, about 10 s');
  // What is there stays where it is when only the tools are missing: a server may be running from it.
  const isAddition = installed().isCurrent;
  const how = isAddition ? ['install', '--no-save'] : withTools ? ['ci'] : ['ci', '--omit=dev'];
  await run('npm', [...how, '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installedMark, `${lockHash()} ${withTools ? 'tools' : 'program'}`);
}

/** The tools bring a Node. */
async function ensureOwnNode(withTools) {
  if (withTools || hasNode()) return;
  say(`installing Node for itself, 127 MB: this one, ${process.versions.node}, is too old for the program`);
  await installOwnNode().catch((error) => fail(error.message));
}

/** The sources of the program. */
const sources = ['src', 'gen', 'clients/typescript/src', 'tsconfig.json', 'tsconfig.base.json', 'package-lock.json'];

function isBuilt() {
  return isNewer(builtMark, sources);
}

async function ensureBuilt() {
  if (isBuilt()) return;
  say('compiling, about 5 s');
  await runNode('node_modules/typescript/bin/tsc', '-b');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(builtMark, '');
}

function isWorkerFileBuilt() {
  return isNewer(workerFile, [...sources, 'scripts/build-worker.js']);
}

async function ensureWorkerFileBuilt() {
  if (isWorkerFileBuilt()) return;
  say('building worker.mjs, about 1 s');
  await runNode('scripts/build-worker.js');
}

function isBundleBuilt() {
  return programFile(root) === bundle && isNewer(bundle, [...sources, 'scripts/build-bundle.js']);
}

async function ensureBundleBuilt() {
  if (isBundleBuilt()) return;
  say('bundling the program, about 1 s');
  await runNode('scripts/build-bundle.js');
}

function areClientsBuilt() {
  // Each with its sources; a tool's folder next to them may contain a hundred thousand files.
  return isNewer(clientsMark, [
    ...['typescript/src', 'typescript/package.json', 'typescript/README.md'].map((path) => `clients/${path}`),
    ...['go', 'python/src', 'python/pyproject.toml', 'python/README.md'].map((path) => `clients/${path}`),
    ...['rust/Cargo.toml', 'rust/worker-sdk'].map((path) => `clients/${path}`),
    ...['scripts/build-clients.js', 'scripts/compile-client.js', 'scripts/clients', 'scripts/archives'],
  ]);
}

async function ensureClientsBuilt() {
  if (areClientsBuilt()) return;
  say('packing the client libraries, about 1 s');
  await runNode('scripts/build-clients.js');
}

function isPageBuilt() {
  const files = ['src', 'gen', 'public', 'index.html', 'vite.config.ts', 'package.json'];
  return isNewer(
    pageMark,
    files.map((file) => `web/${file}`),
  );
}

async function ensurePageBuilt() {
  if (isPageBuilt()) return;
  say('building the page, about 3 s');
  await runNode('node_modules/vite/bin/vite.js', 'build', '--logLevel=warn', join(root, 'web'));
}

/** Whether a file exists and is no older than the sources. */
function isNewer(file, sources) {
  if (!existsSync(file)) return false;
  return statSync(file).mtimeMs >= Math.max(...sources.map((path) => newestIn(join(root, path))));
}

/** The latest change at or below a path, in Unix milliseconds. */
function newestIn(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const names = readdirSync(path).filter((name) => !name.startsWith('.') && name !== '__pycache__');
  return Math.max(stats.mtimeMs, ...names.map((name) => newestIn(join(path, name))));
}

function runNode(script, ...args) {
  return run(ownNode(root) ?? process.execPath, [join(root, script), ...args]);
}

async function run(command, args, cwd = root) {
  // `npm pack --dry-run` would make `npm ci` a dry run too.
  const { npm_config_dry_run: _, ...env } = process.env;
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 2, 2] });
  const problem = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`: ${error.message}`));
    child.once('exit', (code) => resolve(code === 0 ? null : ''));
  });
  if (problem !== null) fail(`${command} ${args.join(' ')} failed${problem}`);
}

function fail(text) {
  process.stderr.write(`workflow-graph: ${text}\n`);
  process.exit(1);
}

function say(what) {
  process.stderr.write(`workflow-graph: ${what} …\n`);
}
