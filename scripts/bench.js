// `npm run bench`: what is missing is installed and built, then the benchmarks are compiled and run.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
const compiled = spawnSync(node, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}bench/tsconfig.json`], {
  stdio: ['ignore', 2, 2],
});
if (compiled.status !== 0) process.exit(1);

const child = spawn(node, [`${root}dist/bench/main.js`, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
// The terminal sends its interrupt to the child as well, which stops the servers and ends.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
