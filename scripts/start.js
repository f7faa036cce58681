// `npm start`: installs and builds what is missing, then runs a server and one local worker on workflows/.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { serverNodeFlags } from '../bin/node-flags.js';
import { startedByNpm, whenNpmIsGone } from '../bin/npm-gone.js';
import { ownNode } from '../bin/own-node.js';
import { programFile } from '../bin/program-file.js';

await import('./ensure-program.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const node = ownNode(root) ?? process.execPath;
const given = process.argv.slice(2);
const isHelp = given.includes('--help') || given.includes('-h');
const args = [...serverNodeFlags, programFile(root), 'serve', '--with-worker', ...(isHelp ? ['--help'] : given)];
const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` };
const npm = startedByNpm();
delete env.npm_lifecycle_event;

// One process if this Node can replace itself by another; otherwise this is a wrapper, and the server exits with it.
if (process.platform !== 'win32') {
  const parent = npm === null ? {} : { WORKFLOW_GRAPH_PARENT_PID: String(npm) };
  process.execve?.(node, [node, ...args], { ...env, ...parent });
}
const child = spawn(node, args, {
  stdio: 'inherit',
  env: { ...env, WORKFLOW_GRAPH_PARENT_PID: String(process.pid) },
});
if (npm !== null) whenNpmIsGone(npm, () => child.kill('SIGTERM'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  });
}
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
