import { expect, it } from 'vitest';
import { formatProblem, formatProblems, type Problem } from '../../src/domain/problem.js';

const problem: Problem = {
  message: 'job "build" needs "tests", which does not exist',
  field: 'jobs.build.needs[0]',
  job: 'build',
  file: 'ci.yml',
  line: 14,
  column: 12,
};

it('a problem is a line with its place in front', () => {
  expect(formatProblem(problem)).toBe('ci.yml:14:12: job "build" needs "tests", which does not exist');
});

it('unknown parts of the place are omitted', () => {
  expect(formatProblem({ ...problem, line: null, column: null })).toMatch(/^ci\.yml: job/);
  expect(formatProblem({ ...problem, file: null })).toMatch(/^14:12: job/);
  expect(formatProblem({ ...problem, file: null, line: null })).toBe(problem.message);
});

it('several problems are several lines', () => {
  expect(formatProblems([problem, { ...problem, line: 15 }]).split('\n')).toHaveLength(2);
});
