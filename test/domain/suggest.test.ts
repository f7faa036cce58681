import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDefinition } from '../../src/domain/definition/parse-definition.js';
import { HintBudget, nearest } from '../../src/domain/suggest.js';

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

/** The same distance by the full textbook table. */
function wholeDistance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, row) => [row]);
  for (let column = 0; column <= b.length; column++) (table[0] as number[])[column] = column;
  const at = (row: number, column: number) => table[row]?.[column] ?? Number.NaN;
  for (let row = 1; row <= a.length; row++) {
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + change);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(row - 2, column - 2) + 1);
      }
      (table[row] as number[])[column] = cost;
    }
  }
  return at(a.length, b.length);
}

it('finds the same as the full table of distances', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(word, word, (misspelt, candidate) => {
      const max = misspelt.length <= 4 ? 1 : 2;
      const isNear = misspelt !== candidate && wholeDistance(misspelt, candidate) <= max;
      expect(nearest(misspelt, [candidate])).toBe(isNear ? candidate : null);
    }),
    { numRuns: 2_000 },
  );
});

it('compares at most five letters for each letter of a word, and fewer for words with different beginnings', () => {
  const cost = (word: string, candidate: string) => {
    const budget = new HintBudget();
    const before = budget.letterPairs;
    nearest(word, [candidate], budget);
    return before - budget.letterPairs;
  };
  expect(cost('x'.repeat(99), `${'x'.repeat(98)}y`)).toBeLessThanOrEqual(5 * 99 + 1);
  expect(cost('x'.repeat(99), 'y'.repeat(99))).toBeLessThanOrEqual(30);
});

it('stops at its budget, over all words together', () => {
  const candidates = Array.from({ length: 257 }, (_, at) => `${'k'.repeat(96)}${100 + at}`);
  const budget = new HintBudget();
  for (let at = 0; at < 100; at++) nearest(`${'k'.repeat(94)}zz${at}`.slice(0, 99), candidates, budget);
  // The last row may exceed it.
  expect(budget.letterPairs).toBeGreaterThan(-5 * 99);
  expect(nearest('build', ['biuld'], budget)).toBeNull();
});

const long = (end: string) => `${'k'.repeat(95)}${end}`;
const keys = Array.from({ length: 257 }, (_, at) => long(String(1000 + at)));

it.each([
  [
    'needs',
    { needs: Array.from({ length: 100 }, (_, at) => long(at === 0 ? '100x' : `x${at}`)) },
    'which does not exist',
  ],
  [
    'conditions',
    {
      needs: keys.slice(0, 200),
      if: Array.from({ length: 30 }, (_, at) => `needs.${long(at === 0 ? '100x' : `x${at}`)}.result == 'success'`).join(
        ' && ',
      ),
    },
    "not among the job's needs",
  ],
])('a definition full of misspelt %s gets hints up to a budget, and then problems without', (_, job, message) => {
  const jobs = Object.fromEntries([
    ...keys.map((key) => [key, { run: 'x' }]),
    ...[1, 2, 3, 4].map((at) => [`j${at}`, { run: 'x', ...job }]),
  ]);
  const result = parseDefinition(JSON.stringify({ name: 'x', jobs }), 'json', 'x.json');
  const problems = result.ok ? [] : result.problems.filter((problem) => problem.message.includes(message));
  expect(problems.length).toBeGreaterThan(90);
  expect(problems[0]?.message).toContain('did you mean');
  expect(problems.at(-1)?.message).not.toContain('did you mean');
});
