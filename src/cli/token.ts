import { Command, InvalidArgumentError, Option } from 'commander';
import { createToken, isTokenScope, listTokens, revokeTokens, type TokenScope, tokenScopes } from '../tokens.js';
import { storageSettings, withStore } from './open-store.js';
import { addSettings } from './settings-options.js';

const examples = `
From the first token on, every call needs one: "Authorization: Bearer <token>". Only a hash is stored; a token is shown
once, when it is made. A running server knows of new and revoked tokens within about a second.

Scopes: read (look), submit (create, start and cancel), worker (claim and report), admin (everything).

Examples:
  $ workflow-graph token create --name laptop --scope admin
  $ workflow-graph token create --name gpu-box --scope worker --labels gpu,cuda --expires 90d
  $ workflow-graph token list
  $ workflow-graph token revoke gpu-box`;

/** `workflow-graph token`: makes, lists and revokes tokens, in the database itself. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('make, list and revoke access tokens')
    .addHelpText('after', examples)
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateFlags {
  readonly name: string;
  readonly scope: readonly TokenScope[];
  readonly labels?: readonly string[];
  readonly expires?: number;
  readonly json?: boolean;
}

function createCommand(): Command {
  const command = new Command('create')
    .description('make a token and print it')
    .requiredOption('--name <name>', 'what it is for; shown in lists and logs')
    .addOption(
      new Option('--scope <scopes>', `what it may do: ${tokenScopes.join(', ')}, separated by commas`)
        .argParser(parseScopes)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--labels <a,b>', 'the only labels a worker with it may offer').argParser(parseList))
    .addOption(new Option('--expires <time>', 'how long it counts: 12h, 90d').argParser(parseDurationMs))
    .option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  return command.action(async (flags: CreateFlags) => {
    await withStore(command, async (store, environment) => {
      const expiresAtMs = flags.expires === undefined ? null : environment.now() + flags.expires;
      const made = await createToken(store, environment, {
        name: flags.name,
        scopes: flags.scope,
        labels: flags.labels ?? null,
        expiresAtMs,
      });
      if (flags.json) process.stdout.write(`${JSON.stringify({ ...made, expires_at_ms: expiresAtMs })}\n`);
      else process.stdout.write(`${made.token}\n`);
    });
  });
}

function listCommand(): Command {
  const command = new Command('list').description('list the tokens').option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  return command.action(async (flags: { json?: boolean }) => {
    await withStore(command, async (store, environment) => {
      const tokens = await listTokens(store);
      if (flags.json) {
        process.stdout.write(`${JSON.stringify(tokens, null, 2)}\n`);
        return;
      }
      for (const token of tokens) {
        const state =
          token.revoked_at_ms !== null
            ? 'revoked'
            : token.expires_at_ms !== null && token.expires_at_ms <= environment.now()
              ? 'expired'
              : 'valid';
        const scopes = (JSON.parse(token.scopes) as string[]).join(',');
        const labels = token.labels === null ? '' : `  labels ${(JSON.parse(token.labels) as string[]).join(',')}`;
        process.stdout.write(`${token.id}  ${token.name}  ${scopes}${labels}  ${state}\n`);
      }
      if (tokens.length === 0)
        process.stdout.write('There are no tokens: everyone who reaches the server may do everything.\n');
    });
  });
}

function revokeCommand(): Command {
  const command = new Command('revoke')
    .description('make a token stop to count')
    .argument('<token>', 'its id or its name');
  addSettings(command, storageSettings);
  return command.action(async (idOrName: string) => {
    await withStore(command, async (store, environment) => {
      const revoked = await revokeTokens(store, environment, idOrName);
      if (revoked.length === 0) {
        command.error(`error: no valid token has the id or name ${JSON.stringify(idOrName)}`, { exitCode: 1 });
      }
      for (const { id, name } of revoked) process.stdout.write(`revoked ${id} (${name})\n`);
    });
  });
}

function parseScopes(text: string): TokenScope[] {
  const scopes = parseList(text);
  const wrong = scopes.find((scope) => !isTokenScope(scope));
  if (wrong !== undefined || scopes.length === 0) {
    throw new InvalidArgumentError(`${JSON.stringify(wrong ?? '')} is not one of ${tokenScopes.join(', ')}.`);
  }
  return scopes.filter(isTokenScope);
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDurationMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('It must be a number with a unit: 30m, 12h, 90d.');
  return ms;
}
