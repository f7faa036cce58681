// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../../src/domain/condition/functions.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { gatesOfJob, parseJobGroup } from '../../../src/domain/gates/job-gates.js';
import { limits } from '../../../src/domain/limits.js';
import { formatProblem } from '../../../src/domain/problem.js';

function read(concurrency: string) {
  return parseDefinition(`jobs: { a: { run: x, concurrency: ${concurrency} } }`, 'yaml', 'ci.yml');
}

function problems(concurrency: string): string[] {
  const result = read(concurrency);
  return result.ok ? [] : result.problems.map(formatProblem);
}

function group(concurrency: string) {
  const result = read(concurrency);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.definition.jobs[0]?.concurrency;
}

describe('the concurrency of a job', () => {
  it('is a name with one place, or a map', () => {
    expect(group('warehouse')).toEqual({ group: 'warehouse', max: 1 });
    expect(group('{ group: warehouse }')).toEqual({ group: 'warehouse', max: 1 });
    expect(group('{ group: warehouse, max: 4 }')).toEqual({ group: 'warehouse', max: 4 });
    expect(group('"load-${{ run.workflow }}"')).toEqual({ group: 'load-${{ run.workflow }}', max: 1 });
    expect(group('')).toBeNull();
  });

  it('is accepted up to the limit of its name and places', () => {
    const name = 'g'.repeat(limits.groupChars);
    expect(group(`{ group: ${name}, max: ${limits.groupMax} }`)).toEqual({ group: name, max: limits.groupMax });
    expect(problems(`${name}g`).join()).toContain(`at most ${limits.groupChars}`);
    expect(problems(`{ group: a, max: ${limits.groupMax + 1} }`).join()).toContain(`from 1 to ${limits.groupMax}`);
  });

  it.each([
    ['3', '1:35: job "a": "concurrency" must be the name of a group, or a map with "group", not the number 3'],
    ['{ max: 2 }', '1:35: job "a": "concurrency" has no "group"'],
    ['{ group: a, limit: 2 }', '1:47: "concurrency" of job "a": unknown key "limit"'],
    [
      '{ group: a, max: 0 }',
      '1:52: job "a": "concurrency.max" must be a whole number from 1 to 10000, not the number 0',
    ],
    [
      '{ group: a, queue: newest }',
      '1:47: "concurrency" of job "a": unknown key "queue": all jobs of a group wait for their places; a "concurrency" at the top level, which is about runs, has it',
    ],
    [
      '{ group: a, cancel-in-progress: true }',
      '1:47: "concurrency" of job "a": unknown key "cancel-in-progress": only runs can be cancelled for newer ones; write it in a "concurrency" at the top level',
    ],
  ])('%s is refused, with the place', (written, problem) => {
    expect(problems(written)).toEqual([`ci.yml:${problem}`]);
  });

  it.each([
    ['"${{ needs.b.result }}"', 'needs'],
    ['"${{ matrix.os }}"', 'matrix'],
    ['"${{ job.attempt }}"', 'attempt'],
    ['"${{ nobody.knows }}"', 'nobody'],
  ])('of %s cannot be evaluated when the job becomes claimable, and is refused', (written, named) => {
    expect(problems(written)).toHaveLength(1);
    expect(problems(written)[0]).toContain(named);
  });
});

describe('the gates of a job', () => {
  const context = {
    needs: new Map(),
    inputs: new Map([['target', 'staging']]),
    run: { id: 'r', workflow: 'w', name: 'w', trigger: 'api', scheduled_at: null },
    runCancelled: false,
    job: { key: 'a', index: null, attempt: 0 },
  } as never;
  const gates = (name: string, ofNode: Parameters<typeof gatesOfJob>[1] = null) =>
    gatesOfJob(parseJobGroup({ group: name, max: 2 }, null), ofNode, context);

  it('have that of its group, by the evaluated name', () => {
    expect(gatesOfJob(null, null, context)).toEqual([]);
    expect(gates('warehouse')).toEqual([{ key: 'job:warehouse', max: 2 }]);
    expect(gates('load-${{ inputs.target }}')).toEqual([{ key: 'job:load-staging', max: 2 }]);
  });

  it('begin with the limit of its node, so that a waiting child holds no shared place', () => {
    const [first, second] = gates('warehouse', { node: 7, max: 3 });
    expect(first).toMatchObject({ max: 3 });
    expect(second).toEqual({ key: 'job:warehouse', max: 2 });
    expect(gates('warehouse', { node: 7, max: undefined })).toHaveLength(1);
  });

  it.each([
    ['${{ inputs.nothing }}', /^concurrency\.group: the name of the group /],
    ["${{ fromJSON('x') }}", /^concurrency\.group: /],
    [
      `\${{ join(fromJSON('["${'g'.repeat(150)}","${'g'.repeat(150)}"]'), '') }}`,
      /^concurrency\.group: the name of the group /,
    ],
    ['${{ fromJSON(\'"a\\nb"\') }}', /^concurrency\.group: the name of the group /],
  ])('whose name has no value fail the job: %.30s', (name, error) => {
    expect(() => gates(name)).toThrow(EvaluationError);
    expect(() => gates(name)).toThrow(error);
  });
});
