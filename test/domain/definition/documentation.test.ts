import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCondition } from '../../../src/domain/condition/parse-condition.js';
import { jobKeys, stepKeys } from '../../../src/domain/definition/job-keys.js';
import { whatToWrite } from '../../../src/domain/definition/keys-elsewhere.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { scheduleKeys } from '../../../src/domain/definition/schedule-keys.js';
import { workflowKeys } from '../../../src/domain/definition/workflow-keys.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';

const read = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const guide = read('guide.md');
const files = read('workflow-files.md');
const conditions = read('conditions.md');
const schedules = read('schedules.md');
const fromGitHub = read('from-github-actions.md');

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
}

describe('the documentation of workflow files', () => {
  for (const [format, texts] of [
    ['yaml', [guide, files, conditions, schedules, fromGitHub].flatMap((page) => blocks(page, 'yaml'))],
    ['json', blocks(files, 'json')],
  ] as const) {
    it(`has ${format} examples that are accepted`, () => {
      expect(texts.length).toBeGreaterThan(0);
      for (const text of texts) {
        const result = parseDefinition(text, format, 'doc');
        expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([]);
        const isApiForm = format === 'json' && Array.isArray(JSON.parse(text).jobs);
        if (!isApiForm) expect(saidByEditor(text)).toBeNull();
      }
    });
  }

  it('has examples in which an editor reports no error', () => {
    for (const folder of ['../../../examples/workflows/', '../../../workflows/']) {
      const names = readdirSync(new URL(folder, import.meta.url));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        expect([name, saidByEditor(readFileSync(new URL(folder + name, import.meta.url), 'utf8'))]).toEqual([
          name,
          null,
        ]);
      }
    }
  });

  it('describes every key of a workflow, a job and a step', () => {
    const section = (from: string, to: string): string => files.slice(files.indexOf(from), files.indexOf(to));
    for (const [keys, text] of [
      [workflowKeys, section('## Keys of a workflow', '## Keys of a job')],
      [jobKeys, section('## Keys of a job', '### Variables')],
      [stepKeys, section('### Steps', '## What a worker gets')],
    ] as const) {
      const described = [...text.matchAll(/^\| `([$\w-]+)` \|/gm)].map((match) => match[1] ?? '');
      expect(described.sort()).toEqual([...keys.keys()].sort());
    }
  });

  it('describes every key of a schedule, and shows the example file', () => {
    const table = schedules.slice(schedules.indexOf('## Keys'), schedules.indexOf('## Daylight saving time'));
    const described = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map((match) => match[1] ?? '');
    expect(described.sort()).toEqual([...scheduleKeys.keys()].sort());
    const example = readFileSync(new URL('../../../examples/workflows/nightly.yml', import.meta.url), 'utf8');
    expect(blocks(schedules, 'yaml')[0]).toBe(example.replace(/^#.*\n/, ''));
  });

  // The keys of GitHub's reference of its workflow syntax.
  const gitHubKeys = [
    ['Keys of a workflow', workflowKeys, 'name run-name on permissions env defaults concurrency jobs'],
    [
      'Keys of a job',
      jobKeys,
      'name permissions needs if runs-on environment concurrency outputs env defaults steps timeout-minutes strategy ' +
        'continue-on-error container services uses with secrets',
    ],
    [
      'Keys of a step',
      stepKeys,
      'id if name uses run working-directory shell with env continue-on-error timeout-minutes',
    ],
  ] as const;
  it.each(gitHubKeys)('says what to do for each key of GitHub Actions, like the checks: %s', (heading, known, keys) => {
    const section = fromGitHub.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    const firstCells = [...section.matchAll(/^\| (`.+?) \|/gm)].map((match) => match[1] ?? '').join(' ');
    const described = [...firstCells.matchAll(/`([\w-]+)`/g)].map((match) => match[1] ?? '');
    expect(described.sort()).toEqual(keys.split(' ').sort());
    for (const key of described) expect(known.has(key) || whatToWrite(key, known) !== null, key).toBe(true);
  });

  it('has conditions that can be parsed', () => {
    const written = [...conditions.matchAll(/`if: ("[^"`]+"|[^"`]+)`/g)].map((match) =>
      (match[1] ?? '').replace(/^"|"$/g, ''),
    );
    expect(written.length).toBeGreaterThan(2);
    for (const source of written) expect(() => parseCondition(source)).not.toThrow();
  });
});
