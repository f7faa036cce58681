// `npm run conformance`: installs and builds what is missing, then compiles and runs the conformance suite.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeFactor, timeFactor } from './suites/machine.js';
import { programUnderTest } from './suites/program-under-test.js';

await import('./ensure.js');
if (!process.argv.some((argument) => ['--list', '--help', '-h'].includes(argument))) {
  const factor = timeFactor();
  if (factor.isMeasured) process.stdout.write(`${describeFactor(factor)}\n`);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
const project = `${root}test/conformance/tsconfig.json`;
const projects = [project];
// The program that starts PostgreSQL, for several servers on one database.
if (process.argv.some((argument) => argument.startsWith('--servers'))) {
  projects.push(`${root}test/support/postgres/tsconfig.json`);
}
for (const each of projects) {
  const compiled = spawnSync(node, [`${root}node_modules/typescript/bin/tsc`, '-p', each], { stdio: ['ignore', 2, 2] });
  if (compiled.status !== 0) process.exit(1);
}

const child = spawn(node, [`${root}dist/conformance/main.js`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, WORKFLOW_GRAPH_UNDER_TEST: programUnderTest() },
});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
