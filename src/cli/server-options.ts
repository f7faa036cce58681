import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { Client, isUntrustedCertificate, ServerUnreachableError, WorkflowGraphError } from '#client';
import { escapeControls, escapeJson } from '../telemetry/escape-controls.js';
import { caFileOption, readCertificates } from './ca-file.js';
import { type Asked, didYouMean } from './did-you-mean.js';
import { exitCodeOf } from './exit-code-of.js';
import { exitCodes } from './exit-codes.js';
import { errorText } from './help.js';

/** The options of every command that talks to a server. */
export interface ServerFlags {
  readonly server: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly json?: boolean;
}

/** Adds the options of every command that talks to a server. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--server <url>', 'URL of the server').env('SERVER_URL').default('http://localhost:3000'))
    .addOption(
      new Option('--token-file <file>', 'file with the access token; or set WORKFLOW_GRAPH_TOKEN').env(
        'WORKFLOW_GRAPH_TOKEN_FILE',
      ),
    )
    .addOption(caFileOption())
    .option('--json', 'print JSON');
}

/**
 * Runs `work` with a client made from the flags. An error of a call ends the process with the matching exit code.
 *
 * @param asked the names that the user typed, so that an error about a missing one can suggest another
 */
export async function withClient<T>(
  command: Command,
  flags: ServerFlags,
  work: (client: Client) => Promise<T>,
  asked: Asked = {},
): Promise<T> {
  const client = await clientOf(command, flags);
  try {
    return await work(client);
  } catch (error) {
    return endWith(command, flags, error, await didYouMean(client, error, asked));
  } finally {
    client.close();
  }
}

/** Ends the process for an error of a call to the server. Unexpected errors are thrown again. */
export function endWith(command: Command, flags: ServerFlags, error: unknown, hint = ''): never {
  const exitCode = exitCodeOf(error);
  if (exitCode === null || !(error instanceof Error)) throw error;
  const known = error instanceof WorkflowGraphError ? error : null;
  const message = `${error.message}${hint}`;
  if (flags.json) {
    const code = known?.code ?? 'server_away';
    const problem = { code, message, status: known?.status ?? null, problems: known?.problems ?? [] };
    process.stderr.write(`${escapeJson({ error: problem })}\n`);
    process.exit(exitCode);
  }
  const problems = (known?.problems ?? []).filter((problem) => problem.message !== error.message);
  const lines = [errorText(message), ...problems.map((problem) => `  ${errorText(problem.message)}`)];
  return command.error(`error: ${escapeControls(`${lines.join('\n')}${wayOut(error, flags)}`)}`, { exitCode });
}

async function clientOf(command: Command, flags: ServerFlags): Promise<Client> {
  const token =
    flags.tokenFile === undefined ? process.env.WORKFLOW_GRAPH_TOKEN : await tokenIn(command, flags.tokenFile);
  const ca = flags.caFile === undefined ? undefined : await certificatesIn(command, flags.caFile);
  try {
    return new Client({ serverUrl: flags.server, ...(token ? { token } : {}), ...(ca ? { ca } : {}) });
  } catch (error) {
    return command.error(`error: --server: ${escapeControls((error as Error).message)}`, { exitCode: exitCodes.usage });
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
    return command.error(`error: ${escapeControls((error as Error).message)}`, { exitCode: exitCodes.usage });
  }
}

function wayOut(error: Error, flags: ServerFlags): string {
  switch (exitCodeOf(error)) {
    case exitCodes.serverAway:
      if (error instanceof ServerUnreachableError && isUntrustedCertificate(error.code)) {
        return (
          "\nThis machine does not trust the server's certificate. Name the certificate of its authority with --ca-file " +
          'or WORKFLOW_GRAPH_CA_FILE.'
        );
      }
      return (
        '\nIs the server running? Start one with: workflow-graph serve. If it has another address, give it with --server ' +
        'or SERVER_URL.'
      );
    case exitCodes.refused:
      return flags.tokenFile === undefined && !process.env.WORKFLOW_GRAPH_TOKEN
        ? "\nGive a token with --token-file or WORKFLOW_GRAPH_TOKEN. To create one, run this on the server's machine, in " +
            'the directory of the server or with its --data:\n  workflow-graph token create --name my-laptop --scope admin'
        : '';
    default:
      return '';
  }
}
