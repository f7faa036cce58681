// `npm run bench`: installs and builds what is missing, then compiles and runs the benchmarks.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
const compiled = spawnSync(node, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}bench/tsconfig.json`], {
  stdio: ['ignore', 2, 2],
});
if (compiled.status !== 0) process.exit(1);
if (process.argv.some((name) => name.startsWith('postgres'))) preparePostgres();

const child = spawn(node, [`${root}dist/bench/main.js`, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
// The terminal also sends its interrupt to the child, which stops the servers and exits.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));

/** Compiles the program that starts PostgreSQL, and installs the compared libraries, which nothing else needs. */
function preparePostgres() {
  const project = `${root}test/support/postgres/tsconfig.json`;
  const status = spawnSync(node, [`${root}node_modules/typescript/bin/tsc`, '-p', project], {
    stdio: ['ignore', 2, 2],
  });
  if (status.status !== 0) process.exit(1);
  const lock = createHash('sha256')
    .update(readFileSync(`${root}bench/package-lock.json`))
    .digest('hex');
  const marker = `${root}bench/node_modules/.workflow-graph-installed`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  process.stderr.write('installing the compared libraries…\n');
  const env = { ...process.env, PATH: `${root}node_modules/node/bin:${process.env.PATH}` };
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', `${root}bench`], {
    stdio: ['ignore', 2, 2],
    env,
  });
  if (installed.status !== 0) process.exit(1);
  writeFileSync(marker, lock);
}
