#!/usr/bin/env node
// Runs the compiled program, with the Node that the project brings when the one at hand is too old. What is missing in a
// fresh clone is installed and built first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}dist/src/main.js`;
const ownNode = `${root}node_modules/node/bin/node`;

if (!existsSync(main) || !existsSync(ownNode)) {
  const made = spawnSync(process.execPath, [`${root}scripts/ensure.js`], { stdio: ['ignore', 2, 2] });
  if (made.status !== 0) process.exit(made.status ?? 1);
}

const isOldNode = Number(process.versions.node.split('.')[0]) < 22;
if (isOldNode) {
  const child = spawn(ownNode, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends its signals to the whole group; others send them to this process alone.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
} else {
  await import(main);
}
