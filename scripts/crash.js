// `npm run crash -- --rounds 1000 --seed 7`: what is missing is installed and built, then so many rounds of kills and
// freezes befall a real server and real workers under load. The seed says which and when; without one it is drawn.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

await import('./ensure.js');

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d{0,8}$/.test(value)) continue;
  process.stderr.write(`--${name} must be a whole number from 1, and is ${value}\n`);
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const env = {
  ...process.env,
  CRASH_ROUNDS: values.rounds ?? '30',
  ...(values.seed === undefined ? {} : { CRASH_SEED: values.seed }),
};
const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--project', 'crash', 'test/crash/rounds.test.ts'];
const child = spawn(`${root}node_modules/node/bin/node`, vitest, { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
// The terminal sends its interrupt to the child as well.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
