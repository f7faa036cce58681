import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLeftToOthers, labelsKey, labelsMatch, makeOffer, normaliseLabels } from '../../src/domain/labels.js';

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

  it('are sorted and without duplicates, otherwise as written', () => {
    expect(normaliseLabels(['b', 'a', 'b', ' a', 'A'])).toEqual([' a', 'A', 'a', 'b']);
  });

  it.each([
    [[], true, true],
    [[], false, false],
    [['gpu'], true, false],
    [['gpu'], false, false],
    [['feature:workspace'], true, true],
    [['feature:workspace', 'gpu'], true, false],
  ])('a job that requires [%s] is left to others by a worker with onlyLabelled %s: %s', (required, only, left) => {
    expect(isLeftToOthers(required, only)).toBe(left);
  });

  it('offers are normalized to the same value exactly if they match the same jobs', () => {
    const offer = makeOffer(['b', 'a', 'b'], false);
    expect(offer).toMatchObject({ labels: ['a', 'b'], labelsKey: '["a","b"]' });
    expect(makeOffer(['a', 'b'], false).key).toBe(offer.key);
    expect(makeOffer(['a', 'b'], true).key).not.toBe(offer.key);
    expect(makeOffer(['a', 'b'], true).labelsKey).toBe(offer.labelsKey);
    expect(makeOffer(['a'], true).key).not.toBe(makeOffer(['b'], true).key);
  });

  it('each set has one key, however it is written, and different sets have different keys', () => {
    const set = fc.array(fc.constantFrom('a', 'b', 'a,b', '"', 'a","b'));
    fc.assert(
      fc.property(set, set, (left, right) => {
        const equal = left.every((l) => right.includes(l)) && right.every((r) => left.includes(r));
        expect(labelsKey(left) === labelsKey(right)).toBe(equal);
      }),
    );
  });
});
