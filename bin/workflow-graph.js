#!/usr/bin/env node
// Runs the compiled program. A fresh clone is installed and built first, and brings a Node when the one at hand is too old.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nodeFlagsFor } from './node-flags.js';
import { startedByNpm, whenNpmIsGone } from './npm-gone.js';
import { isOldNode, ownNode } from './own-node.js';
import { programFile } from './program-file.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const setUp = `${root}scripts/ensure-program.js`;
const isClone = existsSync(setUp);
const args = process.argv.slice(2);

// Any Node can say it, and nothing needs to be installed for it.
if (args.length === 1 && ['--version', '-V'].includes(args[0])) {
  process.stdout.write(`${JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version}\n`);
  process.exit();
}

if (isClone && (!existsSync(programFile(root)) || (isOldNode && ownNode(root) === null))) {
  const made = spawnSync(process.execPath, [setUp], { stdio: ['ignore', 2, 2] });
  if (made.status !== 0) process.exit(made.status ?? 1);
}
const node = isOldNode ? ownNode(root) : process.execPath;
if (node === null) {
  process.stderr.write(`workflow-graph needs Node 22 or later, and this is Node ${process.versions.node}.\n`);
  process.exit(2);
}

const main = programFile(root);
const flags = [...process.execArgv, ...nodeFlagsFor(args)];

// One process where Node can do that: it watches npm itself, as src/cli/end-with-parent.ts does.
const npm = startedByNpm();
if (!isOldNode && npm !== null) process.env.WORKFLOW_GRAPH_PARENT_PID = String(npm);

if (!isOldNode && flags.length === process.execArgv.length) {
  await import(main);
} else {
  if (process.platform !== 'win32') process.execve?.(node, [node, ...flags, main, ...args], process.env);
  // A wrapper around the program. The program ends when the wrapper is gone, however that was ended.
  const child = spawn(node, [...flags, main, ...args], {
    stdio: 'inherit',
    env: { ...process.env, WORKFLOW_GRAPH_PARENT_PID: String(process.pid) },
  });
  if (npm !== null) whenNpmIsGone(npm, () => child.kill('SIGTERM'));
  // A terminal sends its signals to the whole group; others send them to this process alone.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
