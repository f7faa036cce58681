import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCondition } from '../../../src/domain/condition/parse-condition.js';
import { jobKeys, stepKeys, workflowKeys } from '../../../src/domain/definition/keys.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';

const read = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const files = read('workflow-files.md');
const conditions = read('conditions.md');

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
}

describe('the documentation of workflow files', () => {
  for (const [format, texts] of [
    ['yaml', [...blocks(files, 'yaml'), ...blocks(conditions, 'yaml')]],
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

  it('tells editors of no mistake in any example', () => {
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

  it('tells every key of a workflow, a job and a step', () => {
    const section = (from: string, to: string): string => files.slice(files.indexOf(from), files.indexOf(to));
    for (const [keys, text] of [
      [workflowKeys, section('## Keys of a workflow', '## Keys of a job')],
      [jobKeys, section('## Keys of a job', '### Variables')],
      [stepKeys, section('### Steps', '## What a worker gets')],
    ] as const) {
      const told = [...text.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
      expect(told.sort()).toEqual([...keys.keys()].sort());
    }
  });

  it('has conditions that can be parsed', () => {
    const written = [...conditions.matchAll(/`if: ("[^"`]+"|[^"`]+)`/g)].map((match) =>
      (match[1] ?? '').replace(/^"|"$/g, ''),
    );
    expect(written.length).toBeGreaterThan(2);
    for (const source of written) expect(() => parseCondition(source)).not.toThrow();
  });
});
