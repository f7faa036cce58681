// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../../src/domain/definition/definition.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { isQueueTimeout, queueTimeoutText } from '../../../src/domain/queue-timeout.js';

function problemsOf(text: string): readonly string[] {
  const result = parseDefinition(text, 'yaml', 'ci.yml');
  return result.ok ? [] : result.problems.map(({ message, line, column }) => `${line}:${column} ${message}`);
}

function jobsOf(text: string): readonly JobDefinition[] {
  const result = parseDefinition(text, 'yaml', 'ci.yml');
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.definition.jobs;
}

describe('the key queue-timeout', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['2d', 172_800],
    ['2592000', 2_592_000],
    ["'30d'", 2_592_000],
  ])('of %s is %s seconds', (written, seconds) => {
    expect(jobsOf(`jobs: { a: { run: x, queue-timeout: ${written} } }`)[0]?.queueTimeoutSecs).toBe(seconds);
  });

  it.each(['0', '-1', '31d', '2592001', 'soon', '[1]', '1.5h'])(
    'must not be %s, and the place is reported',
    (written) => {
      const [problem] = problemsOf(`jobs: { a: { run: x, queue-timeout: ${written} } }`);
      expect(problem).toMatch(/^1:37 job "a": "queue-timeout" /);
    },
  );

  it('is absent by default, and can be a default of the file', () => {
    const [a, b, c] = jobsOf(`
      defaults: { queue-timeout: 1h }
      jobs: { a: { run: x }, b: { run: x, queue-timeout: 5m }, c: { run: x, queue-timeout: '\${{ inputs.limit }}' } }
    `);
    expect([a?.queueTimeoutSecs, b?.queueTimeoutSecs, c?.queueTimeoutSecs]).toEqual([3_600, 300, null]);
    expect(c?.expressions?.queueTimeout).toBe('${{ inputs.limit }}');
    expect(jobsOf('jobs: { a: { run: x } }')[0]?.queueTimeoutSecs).toBeNull();
  });

  it('cannot use the attempt', () => {
    expect(problemsOf('jobs: { a: { run: x, queue-timeout: "${{ job.attempt }}" } }').join()).toContain(
      'a job has "key" and "index", not "attempt"',
    );
  });
});

it('the error of a queue timeout is recognised, that of an expression of the key is not', () => {
  expect(queueTimeoutText(false, 90_000)).toBe('queue timeout: no worker claimed it within 90 s');
  expect(isQueueTimeout(queueTimeoutText(true, 1_500))).toBe(true);
  expect(isQueueTimeout('queue-timeout: it must be whole seconds')).toBe(false);
  expect(isQueueTimeout(null)).toBe(false);
});
