// `npm run release`: builds all files of a release in dist/release, and proves each by running it. It publishes
// nothing. With
// --dry-run it builds from the current tree; otherwise only from a clean checkout of the release's tag, so that each
// file has one origin.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFiles, writeChecksums } from './release/make-files.js';
import { prove } from './release/prove.js';
import { problemsOf } from './release/ready.js';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const unknown = given.filter((arg) => arg !== '--dry-run');
if (unknown.length > 0) {
  process.stderr.write(`release: unknown argument ${unknown.join(' ')}; the only one is --dry-run\n`);
  process.exit(2);
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = problemsOf(root, version);
for (const problem of problems) process.stderr.write(`release: ${problem}\n`);
if (problems.length > 0 && !given.includes('--dry-run')) {
  process.stderr.write('release: nothing was built; use --dry-run to build the files anyway\n');
  process.exit(1);
}

const folder = join(root, 'dist/release');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const room = mkdtempSync(join(tmpdir(), 'workflow-graph-release-'));
process.on('exit', () => rmSync(room, { recursive: true, force: true }));

run('rendering the manual', process.execPath, ['scripts/build-manual.js']);
const { installed, binary } = await makeFiles({ root, folder, room, version, run });
prove({ root, folder, room, installed, binary, version, run });
writeChecksums(folder);

const names = readdirSync(folder);
for (const name of names) {
  const size = (statSync(join(folder, name)).size / 1e6).toFixed(2);
  process.stdout.write(`${size.padStart(8)} MB  ${name}\n`);
}
process.stdout.write(`${names.length} files of ${version} in dist/release, each proved\n`);

/** Runs a command to its end and returns its output; a failure ends the release. */
function run(what, command, args, { cwd = root, env = {} } = {}) {
  process.stderr.write(`release: ${what} …\n`);
  // A dry run of this script must not make the npm commands that it runs dry runs.
  const { npm_config_dry_run: _, ...own } = process.env;
  const options = { cwd, env: { ...own, ...env }, encoding: 'utf8', maxBuffer: 64e6 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`);
  process.stderr.write(`release: ${what} failed: ${command} ${args.join(' ')}\n`);
  process.exit(1);
}
