import { describe, expect, it } from 'vitest';
import { InputType } from '../gen/workflowgraph/v1/inputs_pb.js';
import { commandLine, type Declared, expected, fieldPath, firstTexts, inputsOf } from '../src/start/fields.js';
import { givenInputs } from '../src/start/free-fields.js';
import { missingWorkers } from '../src/start/missing-workers.js';

function declared(name: string, more: Partial<Declared> = {}): Declared {
  return { name, type: InputType.STRING, required: false, options: [], integer: false, ...more };
}

describe('the form of a new run', () => {
  const target = declared('target', { default: 'staging' });
  const note = declared('note');
  const count = declared('count', { type: InputType.NUMBER, default: '3', min: 1, max: 9, integer: true });

  it('begins with what another run was given, else with the defaults', () => {
    expect(firstTexts([target, note, count], { target: 'production' })).toEqual({
      target: 'production',
      note: '',
      count: '3',
    });
  });

  it('sends no empty field, but the empty text that stands for a default that was cleared', () => {
    const texts = { target: '', note: '', count: '' };
    expect(inputsOf([target, note, count], texts)).toEqual({ target: '' });
    expect(inputsOf([target, note, count], { target: 'a', note: ' ', count: '4' })).toEqual({
      target: 'a',
      note: ' ',
      count: '4',
    });
  });

  it('says what a field takes, and finds its field by the path that the server names', () => {
    expect(expected(count)).toBe('a whole number from 1 to 9');
    expect(expected(declared('x', { type: InputType.NUMBER, max: 2.5 }))).toBe('a number of at most 2.5');
    expect(expected(declared('x', { maxLength: 20 }))).toBe('at most 20 characters');
    expect(fieldPath('target-1')).toBe('inputs.target-1');
    expect(fieldPath('my target')).toBe('inputs["my target"]');
  });

  it('leaves out rows without a name', () => {
    const rows = [
      { key: 0, name: 'a', value: '1' },
      { key: 1, name: '', value: '2' },
    ];
    expect(givenInputs(rows)).toEqual({ a: '1' });
  });

  it('writes the command of a shell, with every text as it is', () => {
    expect(commandLine('ci', { branch: 'main' })).toBe('npx workflow-graph run ci --input branch=main');
    expect(commandLine('ci', { note: "it's; rm -rf /", file: '@x' })).toBe(
      "npx workflow-graph run ci --input 'note=it'\\''s; rm -rf /' --input file=@@x",
    );
  });

  it('names the labels that no live worker has, with the number of jobs that will wait', () => {
    const sets = [[], ['linux'], ['gpu', 'linux'], ['zone-${{ inputs.zone }}']];
    const jobs = [0, 1, 2, 2, 2, 3];
    const live = [{ labels: ['linux'], onlyLabelled: false }];
    expect(missingWorkers(sets, jobs, live)).toEqual([{ labels: ['gpu', 'linux'], jobs: 3 }]);
    expect(missingWorkers(sets, jobs, [{ labels: ['gpu', 'linux'], onlyLabelled: true }])).toEqual([
      { labels: [], jobs: 1 },
    ]);
    expect(missingWorkers(sets, jobs, [])).toHaveLength(3);
  });
});
