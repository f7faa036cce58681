// `npm run crash -- --rounds 1000 --seed 7`: installs and builds what is missing, then subjects a real server and real
// workers under load to this many rounds of kills and freezes. The seed determines them; it is random if absent. `npm
// run crash -- --points 20` instead injects faults at this many writes and syncs of each kind, `--points 1-60` at the
// first 60 (a start and its migrations), `--points all` at every one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

await import('./ensure.js');

const options = { rounds: { type: 'string' }, seed: { type: 'string' }, points: { type: 'string' } };
const values = parsed();
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d{0,8}$/.test(value) || (name === 'points' && /^(all|[1-9]\d{0,5}-[1-9]\d{0,5})$/.test(value))) continue;
  const form = name === 'points' ? "a whole number from 1, a range like 1-60, or 'all'" : 'a whole number from 1';
  process.stderr.write(`--${name} must be ${form}, not ${value}\n`);
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const env = {
  ...process.env,
  CRASH_ROUNDS: values.rounds ?? '30',
  ...(values.seed === undefined ? {} : { CRASH_SEED: values.seed }),
  ...(values.points === undefined ? {} : { CRASH_POINTS: values.points }),
};
const file = values.points === undefined ? 'test/crash/rounds.test.ts' : 'test/crash/directed-faults.test.ts';
const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--project', 'crash', file];
const child = spawn(`${root}node_modules/node/bin/node`, vitest, { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
// The terminal also sends its interrupt to the child.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));

function parsed() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
