import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parentVariable } from './end-with-parent.js';

/** What a worker needs to know and its jobs must not. */
export interface Credentials {
  readonly server: string;
  readonly token?: string;
}

/** Options whose value may be a credential. */
const options = ['--server', '--token'];
const variables = ['SERVER_URL', 'WORKFLOW_GRAPH_TOKEN'];

/**
 * Replaces this process by itself, without the credentials in its arguments and its environment: /proc shows the
 * initial ones until a process ends, and every process of the same user, and so every job, can read them. The new
 * program has the same process id and reads the credentials from a file, which it deletes at once.
 *
 * Returns if there is nothing to hide or Node cannot do it. The latter is no error: jobs run as the worker's user, and
 * a determined one can read the worker's memory unless the system forbids that.
 */
export function restartWithout({ server, token }: Credentials, handover: string): void {
  const isVisible =
    (process.env.WORKFLOW_GRAPH_TOKEN ?? '') !== '' ||
    process.argv.some((argument) => argument === '--token' || argument.startsWith('--token=')) ||
    hasUserInfo(server);
  if (!isVisible || process.platform === 'win32' || process.execve === undefined) return;
  const env = { ...process.env, ...parentVariable() };
  for (const name of variables) delete env[name];
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(tmpdir(), 'workflow-graph-worker-'));
    const file = join(folder, 'credentials');
    writeFileSync(file, JSON.stringify({ server, token }), { mode: 0o600 });
    const args = [...process.execArgv, ...withoutOptions(process.argv.slice(1)), handover, file];
    process.execve(process.execPath, [process.execPath, ...args], env);
  } catch {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the file of `restartWithout`, and deletes it. */
export function takeCredentials(file: string): Credentials {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  } finally {
    rmSync(dirname(file), { recursive: true, force: true });
  }
}

/** A server's URL without credentials, for printing. */
export function withoutUserInfo(url: string): string {
  return url.replace(/^([^/]*\/\/)[^/?#]*@/, '$1');
}

function hasUserInfo(url: string): boolean {
  return withoutUserInfo(url) !== url;
}

function withoutOptions(args: readonly string[]): string[] {
  return args.filter((argument, at) => {
    const isValue = at > 0 && options.includes(args[at - 1] ?? '');
    return !isValue && !options.some((option) => argument === option || argument.startsWith(`${option}=`));
  });
}
