// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a condition may be wrapped in such braces
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DefinitionFormat, WorkflowDefinition } from '../../../src/domain/definition/definition.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblems } from '../../../src/domain/problem.js';
import { saidByEditor, saidOfApiForm } from '../../support/workflow-file-schema.js';

function accepted(text: string, format: DefinitionFormat = 'yaml', file = 'workflows/ci.yml'): WorkflowDefinition {
  const result = parseDefinition(text, format, file);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  // A valid file must not be underlined in an editor. The API's form has its own schema.
  if (format === 'yaml') expect(saidByEditor(text), text).toBeNull();
  else if (text.length < 10_000) expect(saidOfApiForm(text), text).toBeNull();
  return result.definition;
}

describe('the graph', () => {
  /** Each job may need any earlier one, then the jobs are shuffled. */
  const graph = fc.integer({ min: 2, max: 30 }).chain((count) =>
    fc.record({
      needs: fc.tuple(
        ...Array.from({ length: count }, (_, i) => fc.uniqueArray(fc.nat(Math.max(0, i - 1)), { maxLength: i })),
      ),
      order: fc.shuffledSubarray(
        Array.from({ length: count }, (_, i) => i),
        { minLength: count },
      ),
    }),
  );
  const write = (needs: readonly (readonly number[])[], order: readonly number[]): string =>
    JSON.stringify({
      name: 'x',
      jobs: order.map((i) => ({ id: `j${i}`, command: 'x', depends_on: (needs[i] ?? []).map((need) => `j${need}`) })),
    });

  it('without a cycle is accepted, in any order, and keeps its needs', () => {
    fc.assert(
      fc.property(graph, ({ needs, order }) => {
        const { jobs } = accepted(write(needs, order), 'json');
        expect(jobs.map((job) => job.needs.map((need) => jobs[need]?.key))).toEqual(
          order.map((i) => (needs[i] ?? []).map((need) => `j${need}`)),
        );
      }),
    );
  });

  it('with a back edge is refused, naming an existing cycle', () => {
    fc.assert(
      fc.property(graph, fc.nat(), ({ needs, order }, pick) => {
        const from = (needs.findLastIndex((list) => list.length > 0) + needs.length) % needs.length;
        const list = needs[from] ?? [];
        fc.pre(list.length > 0);
        const to = list[pick % list.length] ?? 0;
        const looped = needs.map((existing, i) => (i === to ? [...existing, from] : existing));
        const result = parseDefinition(write(looped, order), 'json', '');
        expect(result.ok).toBe(false);
        const messages = result.ok ? [] : result.problems.map((problem) => problem.message);
        expect(messages).toHaveLength(1);
        const cycle = (messages[0] ?? '')
          .replace(/^.*: /, '')
          .split(' → ')
          .map((key) => Number(key.slice(1)));
        expect(cycle.length).toBe(3);
        expect(cycle[0]).toBe(cycle.at(-1));
        for (const [position, job] of cycle.slice(0, -1).entries()) expect(looped[job]).toContain(cycle[position + 1]);
      }),
    );
  });

  it('of a hundred thousand jobs in a chain is read without recursion, in any order, and its cycle is found', () => {
    const count = 100_000;
    const jobs = (last: string[]) =>
      JSON.stringify({
        name: 'x',
        jobs: Array.from({ length: count }, (_, i) => ({
          id: `j${i}`,
          command: 'x',
          depends_on: i === 0 ? last : [`j${i - 1}`],
        })),
      });
    expect(accepted(jobs([]), 'json').jobs).toHaveLength(count);
    const result = parseDefinition(jobs([`j${count - 1}`]), 'json', '');
    expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
      'jobs need each other in a cycle: j0 → j99999 → j99998 → j99997 → j99996 → j99995 → j99994 → j99993 → j99992 → j99991 → … (99990 more) → j0',
    ]);
  });

  it('of 100,000 jobs and 200,000 needs is read and checked', () => {
    const jobs = Array.from({ length: 100_000 }, (_, i) => ({
      id: `j${i}`,
      command: `echo ${i}`,
      depends_on: i < 2 ? [] : [`j${i - 1}`, `j${i - 2}`],
      required_labels: ['linux'],
    }));
    const text = JSON.stringify({ name: 'big', jobs });
    expect(accepted(text, 'json').jobs).toHaveLength(100_000);
  });
});

describe('any text', () => {
  const keys = fc.constantFrom(
    'name',
    'on',
    'env',
    'jobs',
    'run',
    'needs',
    'steps',
    'labels',
    'if',
    'backoff',
    'timeout',
    'a',
    '__proto__',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree')),
      fc.dictionary(keys, tie('tree')),
    ),
  }));
  it('is either accepted or refused with problems; nothing is thrown', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          tree.map((value) => JSON.stringify(value)),
        ),
        fc.constantFrom('yaml' as const, 'json' as const),
        (text, format) => {
          const result = parseDefinition(text, format, 'x');
          if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of jobs in random shapes likewise', () => {
    fc.assert(
      fc.property(fc.dictionary(keys, tree), fc.constantFrom('yaml' as const, 'json' as const), (fields, format) => {
        for (const jobs of [{ a: fields }, [{ id: 'a', ...fields }]]) {
          const result = parseDefinition(JSON.stringify({ name: 'x', jobs }), format, 'x');
          if (!result.ok) for (const problem of result.problems) expect(problem.line).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
