// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import type { WorkflowDefinition } from '../../../src/domain/definition/definition.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';

const jobs = '\njobs: {a: {run: x}}';

function accepted(text: string): WorkflowDefinition {
  const result = parseDefinition(text + jobs, 'yaml', 'ci.yml');
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  expect(result.warnings).toEqual([]);
  expect(saidByEditor(text + jobs)).toBeNull();
  return result.definition;
}

function problems(text: string): string[] {
  const result = parseDefinition(text + jobs, 'yaml', 'ci.yml');
  return result.ok ? [] : result.problems.map((problem) => formatProblem(problem).replace(/^ci.yml:/, ''));
}

describe('on.schedule', () => {
  it('is a list of schedules, with their settings and defaults', () => {
    const { schedules, trigger } = accepted(
      `on:
  schedule:
    - { cron: "0 * * * *" }
    - { id: nightly, cron: "30 2 * * 1-5", timezone: Europe/Berlin, inputs: { n: 1.50, b: true }, jitter: 5m,
        catch-up: all, within: 2h, overlap: skip }`,
    );
    expect(trigger).toBe('schedule');
    expect(schedules).toEqual([
      {
        id: 'cron-1',
        cron: '0 * * * *',
        timezone: 'UTC',
        inputs: {},
        jitterMs: 0,
        catchUp: 'latest',
        withinMs: 600_000,
        overlap: 'allow',
      },
      {
        id: 'nightly',
        cron: '30 2 * * 1-5',
        timezone: 'Europe/Berlin',
        inputs: { n: '1.50', b: 'true' },
        jitterMs: 300_000,
        catchUp: 'all',
        withinMs: 7_200_000,
        overlap: 'skip',
      },
    ]);
  });

  it.each(['queue', 'cancel'])(
    'with `overlap: %s` creates a group, which conflicts with a group of the file',
    (overlap) => {
      const file = (more: string) =>
        `on: {schedule: [{cron: "@daily", overlap: ${overlap}}]}\n${more}jobs: {a: {run: x}}`;
      const alone = parseDefinition(file(''), 'yaml', 'w.yml');
      expect(alone.ok && alone.definition.schedules).toMatchObject([{ overlap }]);
      const beside = parseDefinition(file('concurrency: deploy\n'), 'yaml', 'w.yml');
      expect(beside.ok ? [] : beside.problems).toMatchObject([
        {
          message: `schedule "cron-1": "overlap: ${overlap}" cannot stand beside "concurrency" at the top level, whose group the runs are in; write "queue" or "cancel-in-progress" there`,
          line: 1,
          column: 43,
        },
      ]);
    },
  );

  it('is empty for other names of "on"', () => {
    expect(accepted('on: manual').schedules).toEqual([]);
  });

  it.each([
    ['on: schedule', '1:5'],
    ['on: [manual, schedule]', '1:5'],
    ['on: {schedule: }', '1:6'],
  ])('%s is a warning: it starts nothing', (text, place) => {
    const result = parseDefinition(text + jobs, 'yaml', 'ci.yml');
    expect(result.ok && result.warnings.map(formatProblem)).toEqual([
      `ci.yml:${place}: "on" says "schedule" without a time, which starts nothing; write on: {schedule: [{cron: "30 2 * * *"}]}`,
    ]);
  });

  it.each([
    [
      '{schedule: {cron: "@daily"}}',
      '1:16: "on.schedule" must be a list of maps such as {cron: "30 2 * * *", timezone: Europe/Berlin}, not a map',
    ],
    [
      '{schedule: []}',
      '1:16: "on.schedule" must be a list of maps such as {cron: "30 2 * * *", timezone: Europe/Berlin}, not a list',
    ],
    [
      '{schedule: ["@daily"]}',
      '1:17: schedule 1: it must be a map such as {cron: "30 2 * * *"}, not the text "@daily"',
    ],
    ['{schedule: [{id: n}]}', '1:17: schedule "n": it has no "cron"'],
    [
      '{schedule: [{cron: "0 0 1 13 *"}]}',
      '1:31: schedule "cron-1": "cron" has "13" for the month, which must be 1 to 12, or JAN to DEC',
    ],
    ['{schedule: [{cron: "0 0 30 2 *"}]}', '1:24: schedule "cron-1": "cron" means a time that never comes'],
    [
      '{schedule: [{cron: "0 0 0 * * *"}]}',
      '1:24: schedule "cron-1": "cron" has 6 fields; it must have five: minute, hour, day of the month, month, day of the week; there are no seconds and no years',
    ],
    [
      '{schedule: [{cron: "@daily", timezone: Europe/Berln}]}',
      '1:44: schedule "cron-1": "timezone": there is no time zone "Europe/Berln", did you mean "Europe/Berlin"?',
    ],
    [
      '{schedule: [{cron: "@daily", timezone: "+01:00"}]}',
      '1:44: schedule "cron-1": "timezone": there is no time zone "+01:00"; it must be a name such as "Europe/Berlin"',
    ],
    ['{schedule: [{cron: "@daily", tz: UTC}]}', '1:34: schedule "cron-1": unknown key "tz"'],
    [
      '{schedule: [{cron: "@daily", id: a b}]}',
      '1:38: schedule 1: "id" must begin with a letter or "_", then letters, digits, "_", "-" and "."',
    ],
    ['{schedule: [{cron: "@daily", id: a}, {cron: "@daily", id: a}]}', '1:63: schedule "a" appears twice'],
    [
      '{schedule: [{cron: "@daily", catch-up: some}]}',
      '1:44: schedule "cron-1": "catch-up" must be one of "latest", "all", "none", not the text "some"',
    ],
    [
      '{schedule: [{cron: "@daily", overlap: wait}]}',
      '1:43: schedule "cron-1": "overlap" must be one of "allow", "skip", "queue", "cancel", not the text "wait"',
    ],
    [
      '{schedule: [{cron: "@daily", within: 31d}]}',
      '1:42: schedule "cron-1": "within" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the text "31d"',
    ],
    [
      '{schedule: [{cron: "@daily", inputs: [a]}]}',
      '1:42: schedule "cron-1": "inputs" must be a map of names to values, not a list',
    ],
    [
      '{schedule: [{cron: "@daily", inputs: {a: "${{ run.id }}"}}]}',
      '1:55: schedule "cron-1": input "a" at character 9: a run has "scheduled_at", not "id"',
    ],
    [
      '{schedule: [{cron: "@daily", inputs: {a: "${{ inputs.b }}"}}]}',
      '1:51: schedule "cron-1": input "a" at character 5: "inputs" has no value here; there are "vars" and "run"',
    ],
  ])('on: %s is refused with its place', (text, problem) => {
    expect(problems(`on: ${text}`)).toEqual([problem]);
  });

  it.each([
    ['{n: 5}', []],
    ['{n: "${{ run.scheduled_at }}"}', []],
    ['{n: 11}', ['2:46: schedule "cron-1": input "n" must be a number of at most 10, not "11"']],
    ['{n: 5, m: 1}', ['2:49: schedule "cron-1": the workflow declares no input "m", did you mean "n"?']],
    ['{}', ['2:17: schedule "cron-1": the workflow requires the input "n"; give it under "inputs"']],
  ])('inputs %s are checked against those that the workflow declares', (inputs, expected) => {
    expect(
      problems(`inputs: {n: {type: number, max: 10, required: true}, j: {type: json, default: [1]}}
on: {schedule: [{cron: "@daily", inputs: ${inputs}}]}`),
    ).toEqual(expected);
  });
});
