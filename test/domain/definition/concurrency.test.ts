// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { limits } from '../../../src/domain/limits.js';
import { formatProblem } from '../../../src/domain/problem.js';

const jobs = 'jobs: { a: { run: x } }\n';

function read(concurrency: string, more = '') {
  return parseDefinition(`concurrency: ${concurrency}\n${more}${jobs}`, 'yaml', 'ci.yml');
}

function problems(concurrency: string, more = ''): string[] {
  const result = read(concurrency, more);
  return result.ok ? [] : result.problems.map(formatProblem);
}

function group(concurrency: string, more = '') {
  const result = read(concurrency, more);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.definition.concurrency;
}

describe('the concurrency of a file', () => {
  it('is a name, or a map with defaults', () => {
    const all = { group: 'deploy', max: 1, queue: 'all', cancelInProgress: false };
    expect(group('deploy')).toEqual(all);
    expect(group('{ group: deploy }')).toEqual(all);
    expect(group('{ group: deploy, max: 3, queue: 5 }')).toEqual({ ...all, max: 3, queue: 5 });
    expect(group('{ group: deploy, cancel-in-progress: true }')).toEqual({
      ...all,
      queue: 'newest',
      cancelInProgress: true,
    });
    expect(group('')).toBeNull();
  });

  it("is also read in the API's form", () => {
    const text = JSON.stringify({ concurrency: 'deploy', jobs: [{ id: 'a', command: 'x' }] });
    const result = parseDefinition(text, 'json', '');
    expect(result.ok && result.definition.concurrency?.group).toBe('deploy');
  });

  it.each([
    ['3', '1:14: "concurrency" must be the name of a group, or a map with "group", not the number 3'],
    ['{ max: 2 }', '1:14: "concurrency" has no "group"'],
    ['{ group: a, limit: 2 }', '1:26: "concurrency": unknown key "limit"'],
    ['{ group: a, max: 0 }', '1:31: "concurrency.max" must be a whole number from 1 to 10000, not the number 0'],
    [
      '{ group: a, queue: 0 }',
      '1:33: "concurrency.queue" must be "all", "newest", "none" or a whole number from 1 to 10000, not the number 0; for no queue write "none"',
    ],
    [
      '{ group: a, queue: oldest }',
      '1:33: "concurrency.queue" must be "all", "newest", "none" or a whole number from 1 to 10000, not the text "oldest"',
    ],
    [
      '{ group: a, queue: all, cancel-in-progress: true }',
      '1:33: "concurrency.queue" cannot be "all" beside "cancel-in-progress: true", which means "newest"',
    ],
    [
      '{ group: a, cancel-in-progress: "yes" }',
      '1:46: "concurrency.cancel-in-progress" must be true or false, not the text "yes"',
    ],
  ])('%s is reported with its place', (concurrency, expected) => {
    expect(problems(concurrency)).toEqual([`ci.yml:${expected}`]);
  });

  it('may use declared inputs and the run, and no value that is unknown at the start', () => {
    const inputs = 'inputs: { target: {} }\n';
    expect(group('"deploy-${{ inputs.target }}"', inputs)?.group).toBe('deploy-${{ inputs.target }}');
    expect(problems('"${{ inputs.targt }}"', inputs)[0]).toMatch(
      /^ci\.yml:1:\d+: "concurrency" at character \d+: .*targt/,
    );
    expect(problems('{ group: "${{ needs.a.result }}" }')[0]).toMatch(
      /^ci\.yml:1:\d+: "concurrency.group" at character/,
    );
  });

  it('has names, places and queues up to their limits', () => {
    const name = 'g'.repeat(limits.groupChars);
    expect(problems(name)).toEqual([]);
    expect(problems(`${name}g`)).toEqual(['ci.yml:1:14: "concurrency" has 201 characters; at most 200 are allowed']);
    expect(problems(`{ group: a, max: ${limits.groupMax}, queue: ${limits.groupWaitingRuns} }`)).toEqual([]);
    expect(problems(`{ group: a, max: ${limits.groupMax + 1} }`)).toHaveLength(1);
    expect(problems(`{ group: a, queue: ${limits.groupWaitingRuns + 1} }`)).toHaveLength(1);
  });
});
