import { readFile } from 'node:fs/promises';
import { Client, isUntrustedCertificate, ServerUnreachableError, WorkflowGraphError } from '@workflow-graph/client';
import { type Command, Option } from 'commander';
import { caFileOption, readCertificates } from './ca-file.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { harmless, harmlessJson } from './terminal/harmless.js';

/** What every command that talks to a server is told. */
export interface ServerFlags {
  readonly server: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly json?: boolean;
}

/** Gives a command the options of every command that talks to a server. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--server <url>', 'the server').env('SERVER_URL').default('http://localhost:3000'))
    .addOption(
      new Option('--token-file <file>', 'a file with the token that the server wants; or set WORKFLOW_GRAPH_TOKEN').env(
        'WORKFLOW_GRAPH_TOKEN_FILE',
      ),
    )
    .addOption(caFileOption())
    .option('--json', 'print JSON');
}

/** Makes a client of the flags, works with it, and ends the process with the right code when that fails. */
export async function withClient<T>(
  command: Command,
  flags: ServerFlags,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await clientOf(command, flags);
  try {
    return await work(client);
  } catch (error) {
    return endWith(command, flags, error);
  } finally {
    client.close();
  }
}

/** Ends the process for an error that a call to the server threw. What nobody expected is thrown on. */
export function endWith(command: Command, flags: ServerFlags, error: unknown): never {
  const exitCode = exitCodeOf(error);
  if (exitCode === null || !(error instanceof Error)) throw error;
  const known = error instanceof WorkflowGraphError ? error : null;
  if (flags.json) {
    const code = known?.code ?? 'server_away';
    const problem = { code, message: error.message, status: known?.status ?? null, problems: known?.problems ?? [] };
    process.stderr.write(`${harmlessJson({ error: problem })}\n`);
    process.exit(exitCode);
  }
  const problems = (known?.problems ?? []).filter(({ message }) => message !== error.message);
  const lines = [`${error.message}${wayOut(error, flags)}`, ...problems.map(({ message }) => `  ${message}`)];
  return command.error(`error: ${harmless(lines.join('\n'))}`, { exitCode });
}

async function clientOf(command: Command, flags: ServerFlags): Promise<Client> {
  const token =
    flags.tokenFile === undefined ? process.env.WORKFLOW_GRAPH_TOKEN : await tokenIn(command, flags.tokenFile);
  const ca = flags.caFile === undefined ? undefined : await certificatesIn(command, flags.caFile);
  try {
    return new Client({ serverUrl: flags.server, ...(token ? { token } : {}), ...(ca ? { ca } : {}) });
  } catch (error) {
    return command.error(`error: --server: ${harmless((error as Error).message)}`, { exitCode: exitCodes.usage });
  }
}

async function tokenIn(command: Command, file: string): Promise<string> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '') return token;
    return command.error(`error: --token-file: ${file} is empty`, { exitCode: exitCodes.usage });
  } catch (error) {
    return command.error(`error: --token-file: ${(error as Error).message}`, { exitCode: exitCodes.usage });
  }
}

async function certificatesIn(command: Command, file: string): Promise<string> {
  try {
    return await readCertificates(file);
  } catch (error) {
    return command.error(`error: ${harmless((error as Error).message)}`, { exitCode: exitCodes.usage });
  }
}

function wayOut(error: Error, flags: ServerFlags): string {
  switch (exitCodeOf(error)) {
    case exitCodes.serverAway:
      if (error instanceof ServerUnreachableError && isUntrustedCertificate(error.code)) {
        return '\nIts certificate is not trusted here. Name that of its authority with --ca-file or WORKFLOW_GRAPH_CA_FILE.';
      }
      return `\nIs the server running? Start one with: workflow-graph serve. Name another with --server or SERVER_URL.`;
    case exitCodes.refused:
      return flags.tokenFile === undefined && !process.env.WORKFLOW_GRAPH_TOKEN
        ? '\nGive a token with --token-file or WORKFLOW_GRAPH_TOKEN; make one with: workflow-graph token create.'
        : '';
    default:
      return '';
  }
}
