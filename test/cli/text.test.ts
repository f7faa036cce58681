import { describe, expect, test } from 'vitest';
import { isColourful, isLive } from '../../src/cli/terminal/palette.js';
import { tableLines } from '../../src/cli/terminal/table.js';
import { cutTo, padTo, widthOf } from '../../src/cli/terminal/text-width.js';
import { ago, duration } from '../../src/cli/terminal/times.js';

test.each([
  ['plain', 5],
  ['grün', 4],
  ['e\u0301', 1],
  ['日本', 4],
  ['한글', 4],
  ['🚀', 2],
  ['👩‍👩‍👧', 2],
  ['✓ ok', 4],
])('%s takes %d columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('a line is cut at a width, never inside a character', () => {
  expect(cutTo('abcdef', 6)).toBe('abcdef');
  expect(cutTo('abcdefg', 6)).toBe('abcde…');
  expect(cutTo('日本語', 5)).toBe('日本…');
  expect(cutTo('日本語', 4)).toBe('日…');
  expect(cutTo('abc', 0)).toBe('');
  expect(widthOf(cutTo('x'.repeat(1_000_000), 80))).toBe(80);
  expect(padTo('日', 4)).toBe('日  ');
});

describe('colours', () => {
  const terminal = { isTTY: true, write: () => {} };
  const file = { write: () => {} };
  test.each<[string, typeof terminal | typeof file, Record<string, string>, boolean]>([
    ['a terminal', terminal, {}, true],
    ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a file', file, {}, false],
    ['a file with FORCE_COLOR', file, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR over NO_COLOR', file, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ])('%s', (_what, output, env, coloured) => {
    expect(isColourful(output, env)).toBe(coloured);
  });

  test('do not decide whether lines are overwritten', () => {
    expect(isLive(terminal, { NO_COLOR: '1' })).toBe(true);
    expect(isLive(terminal, { TERM: 'dumb' })).toBe(false);
    expect(isLive(file, { FORCE_COLOR: '1' })).toBe(false);
  });
});

test('a table is at most as wide as the terminal, and complete in a file', () => {
  const columns = [
    { heading: 'NAME', text: (row: string[]) => row[0] ?? '' },
    { heading: 'NOTE', text: (row: string[]) => row[1] ?? '' },
  ];
  const rows = [
    ['日本', 'a note that is long'],
    ['b', ''],
  ];
  const paint = (_colour: unknown, text: string) => text;
  expect(tableLines(columns, rows, { output: { write: () => {} }, paint })).toEqual([
    'NAME  NOTE',
    '日本  a note that is long',
    'b',
  ]);
  expect(tableLines(columns, rows, { output: { isTTY: true, columns: 18, write: () => {} }, paint })[1]).toBe(
    '日本  a note that…',
  );
});

test.each([
  [-1, '0.0s'],
  [449, '0.4s'],
  [59_949, '59.9s'],
  [59_960, '1m00s'],
  [3_599_400, '59m59s'],
  [3_600_000, '1h00m'],
  [90_000_000, '1d01h'],
])('%d ms reads %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, 'now'],
  [119_000, '119s ago'],
  [120_000, '2m ago'],
  [7_200_000, '2h ago'],
  [172_800_000, '2d ago'],
])('%d ms ago reads %s', (ms, text) => {
  expect(ago(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(text);
});
