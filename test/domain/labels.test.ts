import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelsKey, labelsMatch, normaliseLabels } from '../../src/domain/labels.js';

describe('labels', () => {
  const table: readonly (readonly [required: string[], offered: string[], matches: boolean])[] = [
    [[], [], true],
    [[], ['linux'], true],
    [['linux'], [], false],
    [['linux'], ['linux'], true],
    [['linux', 'docker'], ['docker', 'gpu', 'linux'], true],
    [['linux', 'docker'], ['linux'], false],
    [['Linux'], ['linux'], false],
    [['linux '], ['linux'], false],
    [['__proto__'], ['linux'], false],
    [['__proto__'], ['__proto__'], true],
  ];
  for (const [required, offered, matches] of table) {
    it(`[${required}] ${matches ? 'is' : 'is not'} met by [${offered}]`, () => {
      expect(labelsMatch(required, offered)).toBe(matches);
      expect(labelsMatch(required, new Set(offered))).toBe(matches);
    });
  }

  it('are sorted and without repeats, otherwise as written', () => {
    expect(normaliseLabels(['b', 'a', 'b', ' a', 'A'])).toEqual([' a', 'A', 'a', 'b']);
  });

  it('have one key for one set, however it is written, and another for another', () => {
    const set = fc.array(fc.constantFrom('a', 'b', 'a,b', '"', 'a","b'));
    fc.assert(
      fc.property(set, set, (left, right) => {
        const equal = left.every((l) => right.includes(l)) && right.every((r) => left.includes(r));
        expect(labelsKey(left) === labelsKey(right)).toBe(equal);
      }),
    );
  });
});
