import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { errorText } from '../../src/cli/help.js';
import { program, wholeProgram } from '../../src/cli/program.js';
import { summaries } from '../../src/cli/summaries.js';
import { widthOf } from '../../src/cli/terminal/text-width.js';

const root = await wholeProgram();

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

test('no line of any help text is wider than 80 columns', () => {
  const wide = all(root).flatMap((command) =>
    helpOf(command)
      .split('\n')
      .filter((line) => widthOf(line) > 80),
  );
  expect(wide).toEqual([]);
});

test('each command has the summary shown in the list, and the list has all commands', () => {
  const described = root.commands.map((command) => [command.name(), command.description()]);
  expect(Object.fromEntries(described)).toEqual({ ...summaries });
});

test('only the requested command is loaded', async () => {
  const small = await program(['--help']);
  expect(small.commands.every((command) => command.options.length === 0)).toBe(true);
  const status = await program(['help', 'status']);
  expect(status.commands.filter((command) => command.options.length > 0).map((command) => command.name())).toEqual([
    'status',
  ]);
});

test('an error that quotes a megabyte is truncated', () => {
  expect(errorText('short\n')).toBe('short\n');
  const cut = errorText('x'.repeat(1_000_000));
  expect(cut.length).toBeLessThan(5_000);
  expect(cut).toMatch(/… \(996000 more characters\)\n$/);
});
