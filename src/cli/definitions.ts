import { Command, InvalidArgumentError, Option } from 'commander';
import { createTwoFilesPatch } from 'diff';
import type { Client, Definition, DefinitionVersion } from '#client';
import { escapeControls, escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable, printText, stdoutPaint } from './print.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { ago } from './terminal/times.js';

interface ShowFlags extends ServerFlags {
  readonly version?: number;
}

interface VersionsFlags extends ServerFlags {
  readonly limit: number;
}

/** `workflow-graph workflows show`, `versions` and `diff`: the texts of definitions. */
export function definitionCommands(): Command[] {
  return [showCommand(), versionsCommand(), diffCommand()];
}

function showCommand(): Command {
  const command = new Command('show')
    .description('print the text of a definition')
    .argument('<workflow>', 'its id')
    .addOption(new Option('--version <n>', 'this version; the current one when absent').argParser(parseVersion));
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Prints the text of a workflow file, or of a definition that was sent to the API, exactly as it was loaded. Needs a token ' +
        'with the scope submit or admin.',
    ],
    examples: [
      'workflow-graph workflows show release',
      'workflow-graph workflows show release --version 3 >release.yml',
    ],
  });
  return command.action((workflow: string, own: ShowFlags) =>
    run(command, workflow, own, async (client, flags) => {
      const definition = await client.definition(workflow, flags.version);
      if (flags.json) return printJson(definition);
      const text = textOf(command, definition);
      // A terminal must not obey what a text holds; a file gets every byte.
      await printText(process.stdout.isTTY ? escapeControls(text) : text);
    }),
  );
}

function versionsCommand(): Command {
  const command = new Command('versions')
    .description('list the versions of a definition')
    .argument('<workflow>', 'its id')
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(100));
  addServerOptions(command);
  addHelp(command, {
    about: ['Lists the stored versions, newest first. A version is deleted with the last run that has it.'],
    examples: ['workflow-graph workflows versions release'],
  });
  return command.action((workflow: string, own: VersionsFlags) =>
    run(command, workflow, own, async (client, flags) => {
      const page = await client.versions(workflow, { limit: flags.limit });
      if (flags.json) return printJson(page.versions);
      await printVersions(page.versions, page.current_version);
    }),
  );
}

function diffCommand(): Command {
  const command = new Command('diff')
    .description('compare two versions of a definition')
    .argument('<workflow>', 'its id')
    .argument('[from]', 'the older version; the one before the current when absent', parseVersion)
    .argument('[to]', 'the newer version; the current one when absent', parseVersion);
  addServerOptions(command);
  addHelp(command, {
    about: ['Prints the difference in the unified format. It prints nothing but a sentence if the texts are the same.'],
    examples: [
      'workflow-graph workflows diff release',
      'workflow-graph workflows diff release 3',
      'workflow-graph workflows diff release 3 5',
    ],
  });
  return command.action((workflow: string, from: number | undefined, to: number | undefined, own: ServerFlags) =>
    run(command, workflow, own, async (client, flags) => {
      const newer = await client.definition(workflow, to);
      const number = from ?? (await numberBefore(client, workflow, newer.version.number));
      if (number === null) {
        return command.error(
          `error: version ${newer.version.number} is the oldest one: there is nothing to compare it with`,
        );
      }
      const older = await client.definition(workflow, number);
      const patch = createTwoFilesPatch(
        nameOf(older.version),
        nameOf(newer.version),
        textOf(command, older),
        textOf(command, newer),
        '',
        '',
        { headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true } },
      );
      if (flags.json) return printJson({ from: older.version, to: newer.version, patch });
      if (older.text === newer.text) {
        return printLines([`Versions ${older.version.number} and ${newer.version.number} have the same text.`]);
      }
      const paint = stdoutPaint();
      await printLines(
        patch
          .trimEnd()
          .split('\n')
          .map((line) => paintLine(paint, escapeControls(line))),
      );
    }),
  );
}

function run<Flags extends ServerFlags>(
  command: Command,
  workflow: string,
  own: Flags,
  act: (client: Client, flags: Flags) => Promise<void>,
): Promise<void> {
  const given = Object.entries(own).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  // The options of a server come before or after the subcommand.
  const flags: Flags = { ...command.optsWithGlobals(), ...Object.fromEntries(given) };
  return withClient(command, flags, (client) => act(client, flags), { workflow });
}

/** The newest version before another; null for the oldest. */
async function numberBefore(client: Client, workflow: string, number: number): Promise<number | null> {
  for await (const version of client.allVersions(workflow)) if (version.number < number) return version.number;
  return null;
}

function textOf(command: Command, { text, version }: Definition): string {
  if (text !== null) return text;
  return command.error(
    `error: the text of version ${version.number} is not stored: a server of an earlier version loaded it`,
  );
}

function nameOf({ workflow, number }: DefinitionVersion): string {
  return `${workflow} version ${number}`;
}

function paintLine(paint: ReturnType<typeof stdoutPaint>, line: string): string {
  if (line.startsWith('+')) return paint('green', line);
  return line.startsWith('-') ? paint('red', line) : line;
}

function printVersions(versions: readonly DefinitionVersion[], current: number): Promise<void> {
  const nowMs = Date.now();
  return printTable<DefinitionVersion>(
    [
      { heading: 'VERSION', text: ({ number }) => `${number}${number === current ? ' (current)' : ''}` },
      { heading: 'LOADED', text: ({ created_at_ms }) => ago(created_at_ms, nowMs) },
      { heading: 'FROM', text: ({ source, file }) => escapeLine(file ?? (source === 'api' ? 'API' : 'file')) },
      { heading: 'BY', text: ({ created_by }) => escapeLine(created_by ?? '') },
      { heading: 'JOBS', text: ({ jobs }) => String(jobs) },
      { heading: 'BYTES', text: ({ bytes }) => (bytes === null ? 'not stored' : String(bytes)) },
      { heading: 'NAME', text: ({ name }) => escapeLine(name), wraps: true },
    ],
    versions,
    'No versions.',
  );
}

function parseVersion(text: string): number {
  const version = Number(text);
  if (Number.isInteger(version) && version >= 1 && version < 2 ** 32) return version;
  throw new InvalidArgumentError('It must be the number of a version, from 1.');
}
