import { expect, it } from 'vitest';
import type { JobDefinition } from '../../../src/domain/definition/definition.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblems } from '../../../src/domain/problem.js';

function jobsOf(text: string): readonly JobDefinition[] {
  const result = parseDefinition(text, 'yaml', 'ci.yml');
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.definition.jobs;
}

it('jobs inherit the defaults for keys that they lack, each key as a whole', () => {
  const [a, b] = jobsOf(`
defaults: {labels: [linux, docker], retries: 2, backoff: {fixed: 5}, timeout: 10m, shell: plain, working-directory: app}
jobs:
  a: {run: 'false; true'}
  b: {run: 'false; true', labels: [mac], retries: 0, timeout: 5, shell: sh, working-directory: /srv}
`);
  expect(a).toMatchObject({
    labels: ['docker', 'linux'],
    retry: { maxRetries: 2, backoff: { kind: 'fixed', delaySecs: 5 } },
    timeoutSecs: 600,
    command: "cd -- 'app' || exit 1\nfalse; true",
  });
  expect(b).toMatchObject({
    labels: ['mac'],
    retry: { maxRetries: 0 },
    timeoutSecs: 5,
    command: "set -e\ncd -- '/srv' || exit 1\nfalse; true",
  });
});

it('a key without a value has the default, and an empty list is a value', () => {
  const [a, b] = jobsOf('defaults: {labels: linux}\njobs: {a: {run: x, labels: }, b: {run: x, labels: []}}');
  expect([a?.labels, b?.labels]).toEqual([['linux'], []]);
});

it('a default with an expression is evaluated for each job that inherits it', () => {
  const [a, b] = jobsOf(
    `defaults: {labels: ["zone-\${{ inputs.zone }}"]}\njobs: {a: {run: x}, b: {run: x, labels: y}}`,
  );
  expect([a?.expressions?.labels, b?.expressions]).toEqual([[[0, `zone-\${{ inputs.zone }}`]], null]);
});

it("needs: '*' is every job of the file that does not use it itself", () => {
  const jobs = jobsOf(`
jobs:
  gate: {needs: '*', if: always(), run: x}
  build: {run: x}
  test: {needs: build, run: x}
  notify: {needs: '*', env: {VERSION: "\${{ needs.build.outputs.version }}"}, run: x}
`);
  expect(jobs.map(({ key, needs }) => [key, needs])).toEqual([
    ['gate', [1, 2]],
    ['build', []],
    ['test', [1]],
    ['notify', [1, 2]],
  ]);
});

it("jobs with equal variable names may be needed by different jobs, and in the API's form", () => {
  jobsOf('jobs: {a-1: {run: x}, a.1: {run: x}, b: {run: x, needs: a-1}, c: {run: x, needs: a.1}}');
  const api = {
    jobs: [
      { id: 'a-1', command: 'x' },
      { id: 'a.1', command: 'x' },
      { id: 'b', command: 'x', depends_on: ['a-1', 'a.1'] },
    ],
  };
  expect(parseDefinition(JSON.stringify(api), 'json', '').ok).toBe(true);
});
