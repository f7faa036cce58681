import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes.js';
import { wholeProgram } from '../../src/cli/program.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
const root = await wholeProgram();
const commands = root
  .createHelp()
  .visibleCommands(root)
  .filter((command) => command.name() !== 'help');

/** A section of the page, without its heading. */
const section = (heading: string) => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

test('the page lists every command with its summary, and has a section for each', () => {
  const rows = [...page.matchAll(/^\| \[`([a-z-]+)`\]\(#([a-z-]+)\) \| (.+) \|$/gm)];
  expect(rows.map(([, name, anchor, meaning]) => [name, anchor, meaning]).sort()).toEqual(
    commands.map((command) => [command.name(), command.name(), command.description()]).sort(),
  );
  for (const command of commands)
    expect(section(command.name()), command.name()).toContain(`workflow-graph ${command.name()}`);
});

test('its table of exit codes matches the program', () => {
  const rows = [...section('Exit codes').matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [
    Number(code),
    meaning,
  ]);
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  expect(rows).toEqual(names.map((name) => [exitCodes[name], exitCodeMeanings[name]]));
});

test('every option that it mentions exists, in a command or in the install script of a worker', () => {
  const script = readFileSync(join(import.meta.dirname, '../../deploy/worker/install.sh'), 'utf8');
  const ofScript = [...script.matchAll(/^\s*(--[a-z-]+)\)/gm)].map(([, option]) => option);
  const known = new Set(['--help', ...allOptions(root), ...ofScript]);
  const named = new Set([...page.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option));
  expect([...named].filter((option) => !known.has(option))).toEqual([]);
});

test('every command has an example in its help', () => {
  for (const command of commands) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help, command.name()).toContain(`$ ${command.name() === 'completion' ? 'source <(' : ''}`);
    expect(help, command.name()).toContain(`workflow-graph ${command.name()}`);
  }
});

function allOptions(command: Command): string[] {
  return [...command.options.map(({ long }) => long ?? ''), ...command.commands.flatMap(allOptions)];
}
