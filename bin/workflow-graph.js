#!/usr/bin/env node
// Runs the compiled program, with the Node that the project brings when the one at hand is too old. What is missing in a
// fresh clone is installed and built first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeFlagsFor } from './node-flags.js';
import { whenNpmIsGone } from './npm-gone.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}dist/src/main.js`;
const ownNode = `${root}node_modules/node/bin/node`;

if (!existsSync(main) || !existsSync(ownNode)) {
  const made = spawnSync(process.execPath, [`${root}scripts/ensure.js`], { stdio: ['ignore', 2, 2] });
  if (made.status !== 0) process.exit(made.status ?? 1);
}

const args = process.argv.slice(2);
const flags = [...process.execArgv, ...nodeFlagsFor(args)];
const isOldNode = Number(process.versions.node.split('.')[0]) < 22;
const node = isOldNode ? ownNode : process.execPath;

let end = () => process.kill(process.pid, 'SIGTERM');
const byNpm = whenNpmIsGone(() => end());

if (!isOldNode && flags.length === process.execArgv.length) {
  await import(main);
} else {
  // The same process goes on under the other flags, where Node and the system can do that and nothing is to be watched.
  if (process.platform !== 'win32' && !byNpm) process.execve?.(node, [node, ...flags, main, ...args], process.env);
  const child = spawn(node, [...flags, main, ...args], { stdio: 'inherit' });
  end = () => child.kill('SIGTERM');
  // A terminal sends its signals to the whole group; others send them to this process alone.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
