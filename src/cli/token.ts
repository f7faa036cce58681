import { Command, InvalidArgumentError, Option } from 'commander';
import { escapeLine } from '../telemetry/escape-controls.js';
import { createToken, isTokenScope, listTokens, revokeTokens, type TokenScope, tokenScopes } from '../tokens.js';
import { addHelp } from './help.js';
import { storageSettings, withStore } from './open-store.js';
import { printJson, printJsonLine, printLines, printTable } from './print.js';
import { addSettings } from './settings-options.js';
import { summaries } from './summaries.js';
import { ago } from './terminal/times.js';

/** `workflow-graph token`: creates, lists and revokes tokens in the database itself. */
export function tokenCommand(): Command {
  const command = new Command('token')
    .description(summaries.token)
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
  return addHelp(command, {
    about: [
      'As soon as one token exists, every call needs one: "Authorization: Bearer <token>". The database keeps only a hash; ' +
        'a token is printed once, when it is created. A running server notices new and revoked tokens within a second.',
      'Scopes: read (look), submit (create, start and cancel), worker (claim and report), admin (everything).',
    ],
    examples: [
      'workflow-graph token create --name laptop --scope admin',
      'workflow-graph token create --name gpu-box --scope worker \\\n      --labels gpu,cuda --only-labelled --expires 90d',
      'workflow-graph token list',
      'workflow-graph token revoke gpu-box',
    ],
  });
}

interface CreateFlags {
  readonly name: string;
  readonly scope: readonly TokenScope[];
  readonly labels?: readonly string[];
  readonly onlyLabelled?: boolean;
  readonly expires?: number;
  readonly json?: boolean;
}

function createCommand(): Command {
  const command = new Command('create')
    .description('create a token and print it')
    .requiredOption('--name <name>', 'a name for lists and logs')
    .addOption(
      new Option('--scope <scopes>', `what it allows, separated by commas: ${tokenScopes.join(', ')}`)
        .argParser(parseScopes)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--labels <a,b>', 'the only labels that a worker with it may have').argParser(parseList))
    .option('--only-labelled', 'a worker with it gets only jobs that require a label')
    .addOption(new Option('--expires <time>', 'how long it is valid, such as 12h or 90d').argParser(parseDurationMs))
    .option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  return command.action(async (flags: CreateFlags) => {
    await withStore(command, async (store, environment) => {
      const expiresAtMs = flags.expires === undefined ? null : environment.now() + flags.expires;
      const made = await createToken(store, environment, {
        name: flags.name,
        scopes: flags.scope,
        labels: flags.labels ?? null,
        onlyLabelled: flags.onlyLabelled ?? false,
        expiresAtMs,
      });
      if (flags.json) await printJsonLine({ ...made, expires_at_ms: expiresAtMs });
      else await printLines([made.token]);
    });
  });
}

function listCommand(): Command {
  const command = new Command('list').description('list the tokens').option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  return command.action(async (flags: { json?: boolean }) => {
    await withStore(command, async (store, environment) => {
      const tokens = await listTokens(store);
      if (flags.json) return printJson(tokens);
      const nowMs = environment.now();
      await printTable<ListedToken>(
        [
          { heading: 'ID', text: ({ id }) => id },
          { heading: 'NAME', text: ({ name }) => escapeLine(name), wraps: true },
          { heading: 'STATE', text: (token) => stateOf(token, nowMs) },
          { heading: 'SCOPES', text: ({ scopes }) => (JSON.parse(scopes) as string[]).join(', '), wraps: true },
          { heading: 'LABELS', text: labelsText, wraps: true },
          { heading: 'CREATED', text: (token) => ago(token.created_at_ms, nowMs) },
          { heading: 'LAST USED', text: (token) => lastUse(token, nowMs) },
          { heading: 'EXPIRES', text: (token) => dateOf(token.expires_at_ms) },
        ],
        tokens,
        'There are no tokens: everyone who can reach the server can do everything.',
      );
    });
  });
}

type ListedToken = Awaited<ReturnType<typeof listTokens>>[number];

function stateOf({ revoked_at_ms, expires_at_ms }: ListedToken, nowMs: number): string {
  if (revoked_at_ms !== null) return 'revoked';
  return expires_at_ms !== null && expires_at_ms <= nowMs ? 'expired' : 'valid';
}

function labelsText({ labels, only_labelled }: ListedToken): string {
  const allowed = labels === null ? 'any' : (JSON.parse(labels) as string[]).map(escapeLine).join(', ');
  return only_labelled === 1 ? `${allowed}; only labelled jobs` : allowed;
}

function lastUse({ last_used_at_ms }: ListedToken, nowMs: number): string {
  return last_used_at_ms === null ? 'never' : ago(last_used_at_ms, nowMs);
}

function dateOf(atMs: number | null): string {
  return atMs === null ? 'never' : new Date(atMs).toISOString().slice(0, 10);
}

function revokeCommand(): Command {
  const command = new Command('revoke').description('revoke a token').argument('<token>', 'its id or its name');
  addSettings(command, storageSettings);
  return command.action(async (idOrName: string) => {
    await withStore(command, async (store, environment) => {
      const revoked = await revokeTokens(store, environment, idOrName);
      if (revoked.length === 0) {
        command.error(`error: no valid token has the id or name ${JSON.stringify(idOrName)}`, { exitCode: 1 });
      }
      await printLines(revoked.map(({ id, name }) => `revoked ${id} (${escapeLine(name)})`));
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
