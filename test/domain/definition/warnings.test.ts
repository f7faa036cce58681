import { expect, it } from 'vitest';
import { jobKeys, stepKeys } from '../../../src/domain/definition/job-keys.js';
import { whatToWrite } from '../../../src/domain/definition/keys-elsewhere.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { workflowKeys } from '../../../src/domain/definition/workflow-keys.js';
import { formatProblem } from '../../../src/domain/problem.js';

const jobs = 'jobs: {a: {run: x}}\n';

function warnings(text: string): string[] {
  const result = parseDefinition(text, 'yaml', 'ci.yml');
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.warnings.map(formatProblem);
}

const way =
  'which starts no runs here; let what should start a run call POST /api/workflows/{id}/run, and write "on: manual"';

it.each([
  ['a text', `on: push\n${jobs}`, [`ci.yml:1:5: "on" says "push", ${way}`]],
  ['an entry of a list', `on: [manual, push]\n${jobs}`, [`ci.yml:1:14: "on" says "push", ${way}`]],
  [
    'each key of a map',
    `on:\n  push: {branches: [main]}\n  pull_request:\n${jobs}`,
    [`ci.yml:2:3: "on" says "push", ${way}`, `ci.yml:3:3: "on" says "pull_request", ${way}`],
  ],
])('%s of "on" that starts nothing is a warning with its place', (_, text, expected) => {
  expect(warnings(text)).toEqual(expected);
});

it.each(['', 'on: manual\n', 'on: [api, workflow_dispatch]\n', 'on: {schedule: [{cron: "@daily"}]}\n'])(
  'triggers that start runs, or that leave starts to calls, have no warning: %j',
  (on) => {
    expect(warnings(on + jobs)).toEqual([]);
  },
);

it('retry-on without retries is a warning in a job, but not in the defaults', () => {
  const expected = 'ci.yml:4:5: job "a": "retry-on" does nothing without "retries"';
  expect(warnings('jobs:\n  a:\n    run: x\n    retry-on: lost\n')).toEqual([expected]);
  expect(warnings('defaults: {retry-on: lost}\njobs: {a: {run: x}}\n')).toEqual([]);
});

it('no existing key has a message for its absence', () => {
  for (const keys of [workflowKeys, jobKeys, stepKeys]) {
    expect([...keys.keys()].filter((key) => whatToWrite(key, keys) !== null && keys.has(key))).toEqual([]);
  }
});

it.each([
  [`permissions: {}\n${jobs}`, 'unknown key "permissions": jobs have no token of a repository; remove it'],
  [
    'jobs: {a: {run: x, services: {}}}',
    'job "a": unknown key "services": let the script start what it needs, such as "docker run --detach", and stop it at its end',
  ],
  [
    'jobs: {a: {run: x, timeout-minutes: 5}}',
    'job "a": unknown key "timeout-minutes": write "timeout", such as "timeout: 10m"',
  ],
  [
    'jobs: {a: {steps: [{run: x, if: a}]}}',
    'step 1 of job "a": unknown key "if": a step has no condition; write "if" in the script, or make it a job of its own',
  ],
])('a key of GitHub Actions is refused with its replacement here: %j', (text, expected) => {
  const result = parseDefinition(text, 'yaml', '');
  expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([expected]);
});
