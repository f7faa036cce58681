// `npm start`: what is missing is installed and built, then a server and one local worker run on workflows/.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serverNodeFlags } from '../bin/node-flags.js';
import { whenNpmIsGone } from '../bin/npm-gone.js';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const isHelp = given.includes('--help') || given.includes('-h');
whenNpmIsGone(() => child.kill('SIGTERM'));
const child = spawn(
  `${root}node_modules/node/bin/node`,
  [...serverNodeFlags, `${root}dist/src/main.js`, 'serve', '--with-worker', ...(isHelp ? ['--help'] : given)],
  { stdio: 'inherit', env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` } },
);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
