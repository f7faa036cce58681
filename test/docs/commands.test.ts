import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { pagePaths } from '../../scripts/manual/page-paths.js';
import { wholeProgram } from '../../src/cli/program.js';

const root = await wholeProgram();

/** The command lines of this program in the code blocks of a page, with their continuation lines. */
function commandLines(text: string): string[] {
  // Text outside of and inside a block, alternating.
  const blocks = text.split(/^(?:```|~~~).*$/m).filter((_, i) => i % 2 === 1);
  const command = /(?:^|[(|;&])[ \t]*(?:npx |sudo |[A-Z_]+=\S+ )*workflow-graph ([^\n|)&;#]+)/gm;
  return blocks.flatMap((block) =>
    [...block.replaceAll(/\s*\\\n\s*/g, ' ').matchAll(command)].map(([, line = '']) => line.trim()),
  );
}

/** The parts of a command line that the program would reject. */
function problemOf(line: string): string | null {
  const words = line.split(/\s+/);
  let command: Command = root;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
  }
  if (command === root) return /^-/.test(words[0] ?? '') ? null : `there is no command ${words[0]}`;
  const known = new Set(['--help', '-h', ...command.options.flatMap(({ long, short }) => [long, short])]);
  // Arguments after -- are for another program.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const named = own.map((word) => word.split('=', 1)[0] ?? '').filter((word) => /^--?[a-z]/.test(word));
  const unknown = named.filter((option) => !known.has(option));
  return unknown.length === 0 ? null : `${command.name()} has no option ${unknown.join(', ')}`;
}

test.each([...pagePaths().keys()].filter((page) => page !== 'CHANGELOG.md'))(
  'the program has the commands and options in the blocks of %s',
  (page) => {
    const lines = commandLines(readFileSync(join(import.meta.dirname, '../..', page), 'utf8'));
    expect(lines.map((line) => [line, problemOf(line)]).filter(([, problem]) => problem !== null)).toEqual([]);
  },
);

test('an unknown command is found', () => {
  expect(commandLines('```sh\nRUN=$(npx workflow-graph run ci \\\n  --nowhere)\n```\n')).toEqual(['run ci --nowhere']);
  expect(problemOf('run ci --nowhere')).toBe('run has no option --nowhere');
  expect(problemOf('walk ci')).toBe('there is no command walk');
  expect(problemOf('schedules pause ci')).toBeNull();
});
