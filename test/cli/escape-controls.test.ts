import { expect, test } from 'vitest';
import { escapeControls, escapeJson, escapeLine } from '../../src/telemetry/escape-controls.js';
import { scaled } from '../support/machine.js';

test.each([
  ['colours', 'a \x1b[1;31mred\x1b[0m b', 'a red b'],
  ['cursor movements', '\x1b[2J\x1b[Hgone\x1b[10A', 'gone'],
  ['a private mode', '\x1b[?1049hscreen', 'screen'],
  ['the title, ended by BEL', '\x1b]0;owned\x07ok', 'ok'],
  ['the clipboard, ended by ST', '\x1b]52;c;cm0gLXJm\x1b\\ok', 'ok'],
  ['device control strings', '\x1bP$q"p\x1b\\ok', 'ok'],
  ['an eight-bit control sequence', 'a\x9b31mb', 'ab'],
  ['an eight-bit string', 'a\x9d0;t\x9cb', 'ab'],
  ['short escapes', '\x1bcreset\x1b(0line\x1b7', 'resetline'],
])('%s are taken out', (_what, text, left) => {
  expect(escapeControls(text)).toBe(left);
});

test.each([
  ['a lone escape', 'a\x1b', 'a␛'],
  ['an unterminated string', '\x1b]0;never ended', '␛]0;never ended'],
  ['a truncated sequence', '\x1b[31', '␛[31'],
  ['bell, backspace and delete', 'a\x07\x08\x7f', 'a␇␈␡'],
  ['a carriage return', 'safe\rrm -rf', 'safe␍rm -rf'],
  ['a single C1 control', 'a\x85b\x9b', 'a<U+0085>b<U+009B>'],
  ['what reorders text', 'a\u202eb\u2066c', 'a<U+202E>b<U+2066>c'],
])('%s is shown instead of obeyed', (_what, text, shown) => {
  expect(escapeControls(text)).toBe(shown);
});

test('no mixture leaves anything that a terminal obeys', () => {
  const parts = [
    '\x1b',
    '[',
    ']',
    '0;x',
    '\x07',
    '\\',
    'm',
    '\x9b',
    '\x9c',
    '\x9d',
    '\x1bP',
    'a',
    '\r',
    '\u202e',
    ';',
    '?',
  ];
  let seed = 7;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed;
  };
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: (next() >>> 8) % 8 }, () => parts[(next() >>> 8) % parts.length]).join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
    expect(escapeControls(text)).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  }
});

test('long runs of sequence starts take linear time', () => {
  const startedMs = performance.now();
  for (const beginning of ['\x1b]', '\x9d', '\x1b[', '\x1b', '\x9b0;']) escapeControls(beginning.repeat(100_000));
  expect(performance.now() - startedMs).toBeLessThan(scaled(2_000));
});

test('text keeps its lines and tabs, and a name is one line', () => {
  expect(escapeControls('a\tb\nc')).toBe('a\tb\nc');
  expect(escapeLine('a\tb\nc')).toBe('a␉b␊c');
  expect(escapeControls('grün 日本 🚀')).toBe('grün 日本 🚀');
});

test('escaped JSON has the same value', () => {
  const value = { text: 'a\x1b[31m\x9b\x7f\u202e"', n: 1 };
  const text = escapeJson(value);
  expect(text).toBe('{"text":"a\\u001b[31m\\u009b\\u007f\\u202e\\"","n":1}');
  expect(JSON.parse(text)).toEqual(value);
});
