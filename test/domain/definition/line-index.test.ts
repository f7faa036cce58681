import { expect, it } from 'vitest';
import { LineIndex } from '../../../src/domain/definition/source.js';

it.each([
  ['a\nbc\n', 0, 1, 1],
  ['a\nbc\n', 3, 2, 2],
  ['\n\nx', 2, 3, 1],
  ['\nx', 0, 1, 1],
])('in %j the offset %i is at line %i, column %i', (text, offset, line, column) => {
  expect(new LineIndex(text).at(offset)).toEqual({ line, column });
});
