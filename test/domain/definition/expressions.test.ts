// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { limits } from '../../../src/domain/limits.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';

const problems = (text: string) => {
  const result = parseDefinition(text, 'yaml', '');
  return result.ok ? [] : result.problems.map(formatProblem);
};

describe('a text with an expression', () => {
  it('is accepted where it has an effect', () => {
    const text = [
      'inputs: { n: { type: number, default: 1 } }',
      'env: { A: "${{ inputs.n }}" }',
      'jobs:',
      '  a: { run: "echo $A" }',
      '  b:',
      '    needs: a',
      '    name: "${{ job.key }} ${{ default(needs.a.outputs.x, \'}}\') }}"',
      '    labels: [x, "${{ run.workflow }}"]',
      '    timeout: ${{ inputs.n }}',
      '    priority: ${{ inputs.n }}',
      '    steps: [{ run: x, env: { B: "${{ job.attempt }}" } }]',
      '',
    ].join('\n');
    expect(problems(text)).toEqual([]);
    expect(saidByEditor(text)).toBeNull();
    const result = parseDefinition(text, 'yaml', '');
    expect(result.ok && result.definition.jobs[1]?.expressions).toEqual({
      name: "${{ job.key }} ${{ default(needs.a.outputs.x, '}}') }}",
      labels: [[1, '${{ run.workflow }}']],
      priority: '${{ inputs.n }}',
      timeout: '${{ inputs.n }}',
      env: { A: '${{ inputs.n }}' },
      stepEnv: [{ B: '${{ job.attempt }}' }],
      shell: 'sh',
    });
  });

  it("stays unchanged in the API's form, whose scripts and values are passed on unchanged", () => {
    const jobs = [{ id: 'a', name: '${{ x', command: 'echo ${{ x }}', env: { A: '${{ x }}', B: '$${{' } }];
    const result = parseDefinition(JSON.stringify({ jobs }), 'json', '');
    expect(result.ok && result.definition.jobs[0]).toMatchObject({
      name: '${{ x',
      env: { A: '${{ x }}', B: '$${{' },
      expressions: null,
    });
  });

  for (const [file, problem] of [
    [
      'a: { run: "echo ${{ inputs.x }}" }',
      '2:19: job "a": "run" has "${{" in it; put it under "env" and write "$NAME" in the script',
    ],
    [
      'a: { steps: [{ run: "echo ${{ x }}" }] }',
      '2:29: step 1 of job "a": "run" has "${{" in it; put it under "env" and write "$NAME" in the script',
    ],
    [
      'a: { steps: [{ run: x, name: "${{ x }}" }] }',
      '2:32: step 1 of job "a": "name" cannot have "${{" in it; only the name of a job can',
    ],
    [
      'a: { run: x, name: "${{ needs.b.result }}" }',
      '2:27: job "a": "name" at character 5: it asks about "b", which is not among the job\'s needs',
    ],
    [
      'a: { run: x, env: { A: "${{ success() }}" } }',
      '2:31: job "a": variable "A" at character 5: success() has a value only in "if"',
    ],
    [
      'a: { run: x, env: { A: "${{ inputs.a" } }',
      '2:27: job "a": variable "A" at character 1: this "${{" has no closing "}}"',
    ],
    [
      'a: { run: x, env: { A: "${{ env.B }}" } }',
      '2:31: job "a": variable "A" at character 5: there is no "env" here: name what the variable is made of, such as "inputs" or "run"',
    ],
    [
      'a: { run: x, env: { A: "${{ inputs.a || \'x\' }}" } }',
      '2:31: job "a": variable "A" at character 5: "||" gives true or false, not one of its operands; write default(a, b) for the first of two values that is there',
    ],
    [
      'a: { run: x, name: "${{ job.attempt }}" }',
      '2:28: job "a": "name" at character 9: a job has "key" and "index", not "attempt"',
    ],
    [
      'a: { run: x, labels: [x, "${{ fromJSON(1) }}"] }',
      '2:42: job "a": "labels" at character 14: fromJSON() takes a text, not a number',
    ],
    [
      'a: { run: x, env: { A: "${{ fromJSON(job.attempt) }}" } }',
      '2:40: job "a": variable "A" at character 14: job.attempt cannot be read by fromJSON()',
    ],
    [
      'a: { run: x, env: { A: "${{ default(1) }}" } }',
      '2:31: job "a": variable "A" at character 5: default(a, b) takes 2 arguments, not 1',
    ],
  ] as const) {
    it(`is refused: ${file}`, () => {
      expect(problems(`jobs:\n  ${file}\n`).map((text) => text.replace(/^2:\d+/, '2:_'))).toEqual([
        problem.replace(/^2:\d+/, '2:_'),
      ]);
    });
  }

  it('reports an error in the top-level env once', () => {
    expect(problems('env: { A: "${{ inputs. }}" }\njobs: { a: { run: x }, b: { run: x } }\n')).toEqual([
      '1:24: variable "A" at character 13: expected the name of an input after ".", found the end',
    ]);
    expect(problems('name: "${{ inputs.x }}"\njobs: { a: { run: x } }\n')).toEqual([
      '1:7: "name" cannot have "${{" in it; the name of a job can',
    ]);
  });

  it(`is accepted up to ${limits.templateBytes} bytes, each expression up to ${limits.conditionChars} characters`, () => {
    const env = (text: string) => problems(`jobs: { a: { run: x, env: { A: ${JSON.stringify(text)} } } }\n`);
    const long = (bytes: number) => `\${{ inputs.x }}${'y'.repeat(bytes - 15)}`;
    expect(env(long(limits.templateBytes))).toEqual([]);
    expect(env(long(limits.templateBytes + 1))[0]).toContain('takes at most 16384 bytes');
    const wide = (chars: number) => `\${{${' '.repeat(chars - 11)}inputs.x}}`;
    expect(env(wide(limits.conditionChars))).toEqual([]);
    expect(env(wide(limits.conditionChars + 1))[0]).toContain('an expression has at most 4096 characters');
  });
});
