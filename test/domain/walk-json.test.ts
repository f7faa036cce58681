import { expect, test } from 'vitest';
import { limits } from '../../src/domain/limits.js';
import { jsonSyntaxError } from '../../src/domain/walk-json.js';

/** The longest definition. */
const long = (piece: string) => piece.repeat(limits.definitionBytes / piece.length);

test.each([
  ['characters', 'x'],
  ['escapes', '\\n'],
  ['characters and escapes', 'x\\n'],
])('a string of 16 MiB of %s is read to its end', (_name, piece) => {
  const text = `{"key":"${long(piece)}"`;
  expect(jsonSyntaxError(`${text}}`)).toBeNull();
  expect(jsonSyntaxError(text)).toMatchObject({
    message: 'expected "," or "}", found the end of the text',
    offset: text.length,
  });
});

test.each([
  ['that is not closed', `["${long('x')}`],
  ['with a bad escape', `["${long('x')}\\x"]`],
  ['with a control character', `["${long('x')}\n"]`],
  ['with half an escape', '["\\u12"]'],
])('a string %s is an error at its start', (_name, text) => {
  expect(jsonSyntaxError(text)).toMatchObject({
    message: 'the text that begins here is not closed, or has a bad escape or a control character',
    offset: 1,
  });
});
