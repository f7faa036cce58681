import { runProgram } from '../program.js';
import type { ServerProcess } from '../server-process.js';

/** Creates a token with the command and returns its text. */
export async function createToken(server: ServerProcess, name: string, ...scopes: string[]): Promise<string> {
  const stdout = await tokenCommand(server, 'create', '--name', name, '--scope', scopes.join(','));
  return stdout.trim().split('\n').at(-1)?.trim() ?? '';
}

/** Revokes the token with a name. */
export async function revokeToken(server: ServerProcess, name: string): Promise<void> {
  await tokenCommand(server, 'revoke', name);
}

async function tokenCommand(server: ServerProcess, verb: string, ...args: string[]): Promise<string> {
  const all = ['token', verb, ...server.storage.flags, ...args];
  const { code, stdout, stderr } = await runProgram(all, { env: server.storage.env });
  if (code !== 0) throw new Error(`token ${verb} ended with ${code}: ${stderr}`);
  return stdout;
}
