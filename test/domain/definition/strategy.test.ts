// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';

function problemsOf(text: string): string[] {
  const result = parseDefinition(text, 'yaml', 'ci.yml');
  return result.ok ? [] : result.problems.map(({ message, line, column }) => `${line}:${column} ${message}`);
}

it.each([
  ['jobs: { a: { run: x, strategy: } }', ['1:22 job "a": "strategy" is empty']],
  ['jobs: { a: { run: x, strategy: 3 } }', ['1:32 job "a": "strategy" must be a map with "matrix", not the number 3']],
  ['jobs: { a: { run: x, strategy: { fail-fast: true } } }', ['1:22 job "a": "strategy" has no "matrix"']],
  [
    'jobs: { a: { run: x, strategy: { matrix: { os: linux } } } }',
    ['1:48 job "a": "strategy.matrix.os" must be a list of values, not the text "linux"'],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: [1], exclude: [{ m: 1 }] } } } }',
    ['1:62 job "a": "strategy.matrix": exclude[0]: there is no axis "m"'],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: ["${{ needs.b.outputs.x }}"] } } } }',
    ['1:53 job "a": "strategy.matrix" at character 5: it asks about "b", which is not among the job\'s needs'],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: [1] }, max-parallel: "${{ needs.b.outputs.x }}" } } }',
    ['1:73 job "a": "strategy.max-parallel" at character 5: it asks about "b", which is not among the job\'s needs'],
  ],
  [
    'jobs: { a: { run: x, labels: "${{ matrix.oss }}", strategy: { matrix: { os: [x] } } } }',
    ['1:42 job "a": "labels" at character 12: the matrix of the job has no "oss", did you mean "os"?'],
  ],
  [
    'jobs: { a: { run: x, labels: "${{ matrix.os }}" } }',
    [
      '1:35 job "a": "labels" at character 5: "matrix" has no value here; there are "needs", "inputs", "vars", "run" and "job"',
    ],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: [1] } } }, a.0: { run: x } }',
    ['1:58 job "a.0" begins with "a.", as the children of job "a" do, which has a matrix; rename one of them'],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: [1] }, max-parallel: 0 } } }',
    ['1:68 job "a": "strategy.max-parallel" must be a whole number from 1 to 10000, not the number 0'],
  ],
  [
    'jobs: { a: { run: x, strategy: { matrix: { n: [1] }, max-parallel: 10001 } } }',
    ['1:68 job "a": "strategy.max-parallel" must be a whole number from 1 to 10000, not the number 10001'],
  ],
])('an invalid strategy is refused at its place: %s', (text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

it('numbers keep their spelling where it matters', () => {
  const result = parseDefinition('jobs: { a: { run: x, strategy: { matrix: { v: [3.10, 3.9, 4] } } } }', 'yaml', '');
  expect(result.ok && result.definition.jobs[0]?.strategy?.source).toEqual({ v: ['3.10', 3.9, 4] });
});

it.each([
  ['', undefined],
  [', max-parallel: 1', 1],
  [', max-parallel: 10000', 10_000],
  [', max-parallel: "${{ vars.width }}"', '${{ vars.width }}'],
])('max-parallel is a number of children, or absent: %j', (written, maxParallel) => {
  const text = `jobs: { a: { run: x, strategy: { matrix: { n: [1] }${written} } } }`;
  const result = parseDefinition(text, 'yaml', '');
  expect(result.ok && result.definition.jobs[0]?.strategy?.maxParallel).toBe(maxParallel);
});
