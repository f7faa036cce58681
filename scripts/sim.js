// `npm run sim`: installs what is missing, then compiles the simulation and its sources into a separate folder, and
// runs it. `--planted` runs the planted bugs instead; the other arguments are passed on.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
const compiled = spawnSync(node, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}test/sim/tsconfig.json`], {
  stdio: ['ignore', 2, 2],
});
if (compiled.status !== 0) process.exit(1);

const args = process.argv.slice(2);
const planted = args.includes('--planted');
const entry = `${root}dist/sim/test/sim/${planted ? 'planted/main.js' : 'main.js'}`;
const handedOn = args.filter((arg) => arg !== '--planted');
const child = spawn(node, [entry, ...handedOn], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
