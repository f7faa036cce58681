import { expect, it } from 'vitest';
import { nearest } from '../../src/domain/suggest.js';

const table: readonly (readonly [word: string, candidates: string[], nearest: string | null])[] = [
  ['need', ['name', 'needs'], 'needs'],
  ['biuld', ['build', 'test'], 'build'],
  ['RUN', ['run', 'steps'], 'run'],
  ['rn', ['on', 'run'], 'on'],
  ['b', ['a'], 'a'],
  ['zebra', ['name', 'jobs'], null],
  ['test', ['rest-api'], null],
  ['', ['name'], null],
  ['lables', ['labels'], 'labels'],
  ['build', ['build'], null],
  ['x'.repeat(200), ['x'.repeat(199)], null],
];
for (const [word, candidates, expected] of table) {
  it(`"${word.slice(0, 20)}" may mean ${expected ?? 'nothing'}`, () => {
    expect(nearest(word, candidates)).toBe(expected);
  });
}
