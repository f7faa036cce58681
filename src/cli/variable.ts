import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Variable } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { ago } from './terminal/times.js';

interface VariableFlags extends ServerFlags {
  readonly workflow?: string;
}

/** Characters of a value in a line of the list. */
const shownChars = 60;

/** `workflow-graph variable`: sets, lists and deletes variables that workflow files read. */
export function variableCommand(): Command {
  const command = new Command('variable')
    .description(summaries.variable)
    .addCommand(setCommand())
    .addCommand(listCommand())
    .addCommand(deleteCommand());
  return addHelp(command, {
    about: [
      'The expressions of workflow files read these variables as vars.NAME. One of a workflow wins over one of the server. A run ' +
        'keeps the values that it started with. Everyone with the scope read can see them: put no secrets there.',
    ],
    examples: [
      'workflow-graph variable set region eu-west-1',
      'workflow-graph variable set region us-east-1 --workflow deploy',
      'workflow-graph variable set banner @banner.txt',
      'workflow-graph variable list',
      'workflow-graph variable delete region --workflow deploy',
    ],
  });
}

function setCommand(): Command {
  const command = new Command('set')
    .description('set a variable')
    .argument('<name>', 'a letter or "_", then letters, digits, "_" and "-"')
    .argument('<value>', 'its value; @file reads a file, @- reads stdin, @@ stands for @');
  addScope(command, 'for this workflow alone');
  return command.action((name: string, value: string, flags: VariableFlags) =>
    withClient(command, flags, async (client) => {
      const read = await readValue(value).catch((error: unknown) =>
        command.error(`error: cannot read the value: ${(error as Error).message}`, { exitCode: 2 }),
      );
      const variable = await client.setVariable(name, read, flags);
      if (flags.json) return printJson(variable);
      await printLines([`${described(variable)} is set.`]);
    }),
  );
}

function listCommand(): Command {
  const command = new Command('list').description('list variables, those of the server first');
  addScope(command, 'only those of this workflow');
  return command.action((flags: VariableFlags) =>
    withClient(command, flags, async (client) => {
      const variables: Variable[] = [];
      for await (const variable of client.allVariables({ ...flags, limit: 1000 })) variables.push(variable);
      if (flags.json) return printJson(variables);
      const nowMs = Date.now();
      await printTable<Variable>(
        [
          { heading: 'NAME', text: ({ name }) => escapeLine(name) },
          { heading: 'WORKFLOW', text: ({ workflow }) => escapeLine(workflow) },
          { heading: 'VALUE', text: ({ value }) => shortened(value), wraps: true },
          { heading: 'CHANGED', text: ({ changed_at_ms }) => ago(changed_at_ms, nowMs) },
          { heading: 'BY', text: ({ changed_by }) => escapeLine(changed_by ?? '') },
        ],
        variables,
        'There are no variables. Set one: workflow-graph variable set region eu-west-1',
      );
    }),
  );
}

function deleteCommand(): Command {
  const command = new Command('delete').description('delete a variable').argument('<name>', 'its name');
  addScope(command, 'the one of this workflow');
  return command.action((name: string, flags: VariableFlags) =>
    withClient(command, flags, async (client) => {
      await client.deleteVariable(name, flags);
      if (flags.json) return printJson({});
      await printLines([`${described({ name, workflow: flags.workflow ?? '' })} is deleted.`]);
    }),
  );
}

function addScope(command: Command, meaning: string): void {
  command.option('--workflow <workflow>', meaning);
  addServerOptions(command);
}

async function readValue(written: string): Promise<string> {
  if (!written.startsWith('@')) return written;
  if (written.startsWith('@@')) return written.slice(1);
  const path = written.slice(1);
  return path === '-' ? readText(process.stdin) : readFile(path, 'utf8');
}

function described({ name, workflow }: Pick<Variable, 'name' | 'workflow'>): string {
  const of = workflow === '' ? 'of the server' : `of workflow ${escapeLine(workflow)}`;
  return `Variable ${escapeLine(name)} ${of}`;
}

function shortened(value: string): string {
  const line = escapeLine(value);
  return line.length > shownChars ? `${line.slice(0, shownChars - 1)}…` : line;
}
