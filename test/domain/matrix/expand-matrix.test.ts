import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.js';
import { limits } from '../../../src/domain/limits.js';
import { joinOutputs } from '../../../src/domain/matrix/child.js';
import { expandMatrix } from '../../../src/domain/matrix/expand-matrix.js';

const plain = (matrix: JsonValue) => expandMatrix(matrix).map((combination) => ({ ...combination }));

describe('the combinations of a matrix', () => {
  it('are the product of its axes, the last one varying fastest', () => {
    expect(plain({ os: ['a', 'b'], n: [1, 2] })).toEqual([
      { os: 'a', n: 1 },
      { os: 'a', n: 2 },
      { os: 'b', n: 1 },
      { os: 'b', n: 2 },
    ]);
  });

  it('exclude those that match all values of an exclude entry', () => {
    expect(plain({ os: ['a', 'b'], n: [1, 2], exclude: [{ os: 'b' }, { os: 'a', n: 2 }] })).toEqual([
      { os: 'a', n: 1 },
    ]);
  });

  it('are extended by each include entry, or gain a new one if it contradicts all of them', () => {
    const include = [{ extra: true }, { os: 'b', extra: false }, { os: 'c', n: 9 }, { os: 'c', n: 9 }];
    expect(plain({ os: ['a', 'b'], n: [1], include })).toEqual([
      { os: 'a', n: 1, extra: true },
      { os: 'b', n: 1, extra: false },
      { os: 'c', n: 9 },
      { os: 'c', n: 9 },
    ]);
  });

  it('can consist of include alone, or of the entries of a list', () => {
    expect(plain({ include: [{ a: 1 }, { a: 2, b: [3] }] })).toEqual([{ a: 1 }, { a: 2, b: [3] }]);
    expect(plain([{ a: 1 }, { a: 1 }])).toEqual([{ a: 1 }, { a: 1 }]);
    expect(plain({ n: [] })).toEqual([]);
  });

  it('compare lists and maps by their JSON', () => {
    expect(plain({ v: [{ x: 1 }, { x: 2 }], exclude: [{ v: { x: 1 } }] })).toEqual([{ v: { x: 2 } }]);
  });

  it.each<[JsonValue, string]>([
    ['x', 'it must be a map of axes or a list of maps, not the text "x"'],
    [{ os: 'x' }, 'os: an axis must be a list, not the text "x"'],
    [[1], '[0]: it must be a map, not the number 1'],
    [{ n: [1], include: [2] }, 'include[0]: it must be a map, not the number 2'],
    [{ n: [1], exclude: [{ m: 1 }] }, 'exclude[0]: there is no axis "m"'],
    [{ n: [1], 'a b': [1] }, 'the name "a b" must begin with a letter or "_"'],
    [{ 'n-1': [1], 'n.1': [1] }, 'the name "n.1"'],
    [{ 'n-1': [1], n_1: [1] }, '"n-1" and "n_1" give the same variable MATRIX_N_1'],
    [{ n: Array.from({ length: limits.matrixChildren + 1 }, () => 1) }, 'it gives 10001 combinations'],
    [{ a: Array(200).fill(1), b: Array(200).fill(1), c: Array(200).fill(1) }, 'it gives 8000000 combinations'],
    [Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`a${at}`, [1]])), 'it has 17 axes'],
    [Array.from({ length: 1_000 }, () => ({ t: 'x'.repeat(5_000) })), 'the combinations take more than 4194304 bytes'],
  ])('are refused if invalid: %j', (matrix, message) => {
    expect(() => expandMatrix(matrix)).toThrow(message);
  });

  it('are limited in number', () => {
    expect(expandMatrix({ a: Array(100).fill(1), b: Array(100).fill(1) })).toHaveLength(limits.matrixChildren);
    expect(expandMatrix(Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`a${at}`, [1]])))).toHaveLength(1);
  });
});

describe('joined outputs', () => {
  it('are lists by index, with null for a child without', () => {
    const joined = joinOutputs(['{"a":"1","__proto__":"x"}', null, '{"b":"2"}']);
    expect(joined).toBe('{"a":"[\\"1\\",null,null]","__proto__":"[\\"x\\",null,null]","b":"[null,null,\\"2\\"]"}');
    expect(joinOutputs([null, null])).toBeNull();
  });
});
