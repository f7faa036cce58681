import { expect, test } from 'vitest';
import { nearest } from '../../src/cli/nearest.js';
import { runIds } from '../../src/cli/run-ids.js';

const a = '01a2004b-6fc8-7585-ab5c-4300b49da3ce';
const b = '01a2004b-6fd0-7585-ab5c-4300b49da3ce';
const sameMs = '01a2004b-6fc8-7586-ab5c-4300b49da3ce';

test('short ids are long enough to distinguish the runs of a table, and equally long', () => {
  expect([a, b].map(runIds([a, b], false))).toEqual(['01a2004b-6fc8', '01a2004b-6fd0']);
  expect([a, b, sameMs].map(runIds([a, b, sameMs], false))).toEqual([
    '01a2004b-6fc8-7585',
    '01a2004b-6fd0-7585',
    '01a2004b-6fc8-7586',
  ]);
  expect(runIds([a, a], true)(a)).toBe(a);
  expect(runIds([a], false)('ci')).toBe('ci');
});

test.each([
  ['biuld', ['build', 'unit'], 'build'],
  ['BUILD', ['build', 'unit'], 'build'],
  ['depl', ['deploy', 'unit'], 'deploy'],
  ['de', ['deploy', 'describe'], null],
  ['xyz', ['build', 'unit'], null],
  ['cii', ['ci'], 'ci'],
  ['', ['ci'], null],
  ['x'.repeat(101), ['x'.repeat(100)], null],
])('%s among %j means %j', (typed, names, meant) => {
  expect(nearest(typed, names)).toBe(meant);
});
