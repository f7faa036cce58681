import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { type LimitName, limitRows, limits, utf8Bytes } from '../../../src/domain/limits.js';
import { formatProblem } from '../../../src/domain/problem.js';

const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(', ');
const job = (fields: string): string => `jobs:\n  a: {run: x, ${fields}}\n`;
const jsonJobs = (count: number): string =>
  `{"name":"x","jobs":[${list(count, (i) => `{"id":"j${i}","command":"x"}`)}]}`;

/** This many needs, of jobs that each need the same 1,415 jobs, except the last. */
function jsonNeeds(count: number): string {
  const ids = Array.from({ length: 1415 }, (_, i) => `a${i}`);
  const needing = (id: string, needs: readonly string[]): string =>
    `{"id":"${id}","command":"x","depends_on":${JSON.stringify(needs)}}`;
  const whole = list(Math.floor(count / ids.length), (i) => needing(`b${i}`, ids));
  const first = list(ids.length, (i) => `{"id":"a${i}","command":"x"}`);
  return `{"name":"x","jobs":[${first}, ${whole}, ${needing('z', ids.slice(0, count % ids.length))}]}`;
}

/** Aliases that expand to this many values: each to a list of 99 and itself, the last ones to one each. */
function yamlAliases(count: number): string {
  const lists = Array.from({ length: Math.floor(count / 100) }, (_, i) => `  j${i}: {run: x, metadata: {x: *m}}\n`);
  const single = list(count % 100, (i) => `v${i}: *s`);
  return `jobs:\n  a: {run: x, metadata: {m: &m [${list(99, () => '1')}], s: &s 1}}\n${lists.join('')}  z: {run: x, metadata: {${single}}}\n`;
}

/** A definition of a given size, and the error one past the limit. */
const table: readonly (readonly [LimitName, (size: number) => string, string, ('yaml' | 'json')?])[] = [
  [
    'keyChars',
    (n) => `jobs: {${'k'.repeat(n)}: {run: x}}`,
    `1:8: the job key "${'k'.repeat(60)}…" has 101 characters; at most 100 are allowed`,
  ],
  [
    'nameChars',
    (n) => `name: ${'n'.repeat(n)}\njobs: {a: {run: x}}`,
    '1:7: "name" has 201 characters; at most 200 are allowed',
  ],
  [
    'triggerChars',
    (n) => `on: [${list(9, () => 'e'.repeat(100))}, ${'e'.repeat(n - 918)}]\njobs: {a: {run: x}}`,
    '1:5: "on" has 1001 characters; at most 1000 are allowed',
  ],
  [
    'labelsPerJob',
    (n) => job(`labels: [${list(n, (i) => `l${i}`)}]`),
    '2:23: job "a": "labels" has 65 entries; at most 64 are allowed',
  ],
  [
    'labelChars',
    (n) => job(`labels: ${'l'.repeat(n)}`),
    '2:23: job "a": "labels" has 101 characters; at most 100 are allowed',
  ],
  [
    'envEntries',
    (n) => job(`env: {${list(n, (i) => `V${i}: x`)}}`),
    '2:20: job "a": "env" has 257 variables; at most 256 are allowed',
  ],
  [
    'envEntries',
    (n) => `env: {${list(n - 1, (i) => `V${i}: x`)}}\n${job('env: {B: x}')}`,
    '3:20: job "a": "env" has 257 variables; at most 256 are allowed',
  ],
  [
    'envNameChars',
    (n) => job(`env: {${'V'.repeat(n)}: x}`),
    `2:21: job "a": the variable name "${'V'.repeat(60)}…" has 201 characters; at most 200 are allowed`,
  ],
  [
    'envBytes',
    (n) => job(`env: {A: ${'x'.repeat(n - 1)}}`),
    '2:20: job "a": "env" takes 65537 bytes; at most 65536 are allowed',
  ],
  [
    'metadataBytes',
    (n) => job(`metadata: {x: ${'y'.repeat(n - 8)}}`),
    '2:25: job "a": "metadata" takes more than 65536 bytes',
  ],
  [
    'stepsPerJob',
    (n) => `jobs:\n  a:\n    steps: [${list(n, () => '{run: x}')}]\n`,
    '3:12: job "a": "steps" has 1001 entries; at most 1000 are allowed',
  ],
  [
    'commandBytes',
    (n) => `jobs:\n  a:\n    run: ${'x'.repeat(n)}\n`,
    '3:10: job "a": "run" takes more than 262144 bytes',
  ],
  [
    'commandBytes',
    (n) => `jobs:\n  a:\n    run: ${'x'.repeat(n - "export A='b'\n".length)}\n    env: {A: b}\n`,
    '3:10: job "a": "run", with its "env" compiled in, takes more than 262144 bytes',
  ],
  [
    'retriesMax',
    (n) => job(`retries: ${n}`),
    '2:24: job "a": "retries" must be a whole number from 0 to 1000, not the number 1001',
  ],
  [
    'priorityMax',
    (n) => job(`priority: -${n}`),
    '2:25: job "a": "priority" must be a whole number from -1000 to 1000, not the number -1001',
  ],
  [
    'durationSecsMax',
    (n) => job(`timeout: ${n}`),
    '2:24: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the number 2592001',
  ],
  [
    'conditionChars',
    (n) => job(`if: "always()${' '.repeat(n - 8)}"`),
    '2:19: job "a": "if" at character 1: the condition has 4097 characters; at most 4096 are allowed',
  ],
  [
    'conditionDepth',
    (n) => job(`if: "${'('.repeat(n)}true${')'.repeat(n)}"`),
    '2:84: job "a": "if" at character 65: more than 64 parentheses, negations, calls and members inside each other',
  ],
  [
    'definitionDepth',
    (n) => job(`metadata: {x: ${'['.repeat(n - 4)}${']'.repeat(n - 4)}}`),
    '2:89: more than 64 lists and maps inside each other',
  ],
  [
    'definitionDepth',
    (n) => `{"name":"x","jobs":[{"id":"a","command":"x","metadata":{"x":${'['.repeat(n - 4)}${']'.repeat(n - 4)}}}]}`,
    '1:1: more than 64 lists and objects inside each other',
    'json',
  ],
  [
    'schedulesPerWorkflow',
    (n) => `on: {schedule: [${list(n, () => '{cron: "@daily"}')}]}\njobs: {a: {run: x}}`,
    '1:16: "on.schedule" has 21 entries; at most 20 are allowed',
  ],
  [
    'cronChars',
    (n) =>
      `on: {schedule: [{cron: "${'0,'.repeat((n - 9 - (n % 2)) / 2 + (n % 2))}0${n % 2 === 0 ? '0' : ''} * * * *"}]}\njobs: {a: {run: x}}`,
    '1:24: schedule "cron-1": "cron" has 201 characters; at most 200 are allowed',
  ],
  [
    'jitterSecsMax',
    (n) => `on: {schedule: [{cron: "@daily", jitter: ${n}}]}\njobs: {a: {run: x}}`,
    '1:42: schedule "cron-1": "jitter" must be at most 86400 seconds, not 86401',
  ],
  ['jobsPerWorkflow', jsonJobs, '1:20: the workflow has 200001 jobs; at most 200000 are allowed', 'json'],
  ['edgesPerWorkflow', jsonNeeds, '1:1: the jobs have 2000001 needs together; at most 2000000 are allowed', 'json'],
  ['yamlAliasedValues', yamlAliases, '2:337: the aliases stand for more than 100000 values'],
  [
    'jobsChars',
    (n) => {
      const script = 'x'.repeat(200_000);
      const again = Math.floor(n / script.length) - 1;
      const rest = n % script.length;
      const jobs = Array.from({ length: again }, (_, i) => `  j${i}: {run: *x}\n`);
      return `jobs:\n  a: {run: &x ${script}}\n${jobs.join('')}  z: {run: ${'y'.repeat(rest)}}\n`;
    },
    '1:1: the jobs take more than 67108864 characters with "env" merged into each',
  ],
  [
    'definitionBytes',
    (n) => `# ${'x'.repeat(n - 22)}\njobs: {a: {run: x}}`,
    ' the definition takes more than 16777216 bytes',
  ],
];

describe('limits of a definition', () => {
  for (const [name, make, problem, format = 'yaml'] of table) {
    it(`${name} (${limits[name]}) is accepted at the limit and refused one past it: ${problem.slice(0, 60)}`, () => {
      const messages = (size: number): string[] => {
        const result = parseDefinition(make(size), format, 'ci');
        return result.ok ? [] : result.problems.map(formatProblem);
      };
      expect(messages(limits[name])).toEqual([]);
      expect(messages(limits[name] + 1)).toEqual([`ci:${problem}`]);
    });
  }

  it('the bytes of an env are counted in UTF-8', () => {
    const env = (value: string): boolean => parseDefinition(job(`env: {A: ${value}}`), 'yaml', 'ci').ok;
    expect(env(`${'é'.repeat((limits.envBytes - 2) / 2)}b`)).toBe(true);
    expect(env('é'.repeat(limits.envBytes / 2))).toBe(false);
  });

  it('a small text cannot become huge: neither by env merged into each job nor by aliases', () => {
    const env = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`V${i}`, 'x'.repeat(200)]));
    const jobs = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`j${i}`, { run: 'x' }]));
    const merged = parseDefinition(JSON.stringify({ env, jobs }), 'json', 'ci.json');
    expect(merged.ok ? [] : merged.problems.map(formatProblem)).toEqual([
      'ci.json:1:1: the jobs take more than 67108864 characters with "env" merged into each',
    ]);
    const script = `x: &x ${'y'.repeat(200_000)}\njobs:\n${Array.from({ length: 400 }, (_, i) => `  j${i}: {run: *x}\n`).join('')}`;
    const aliased = parseDefinition(script, 'yaml', 'ci.yml');
    expect(aliased.ok ? [] : aliased.problems.map(formatProblem)).toEqual([
      'ci.yml:1:7: the aliases stand for more than 67108864 characters',
    ]);
  });

  it('an alias bomb is refused immediately', () => {
    const levels = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${list(9, () => `*a${i}`)}]\n`);
    const result = parseDefinition(`a0: &a0 [1]\n${levels.join('')}jobs: {a: {run: x}}\n`, 'yaml', 'ci.yml');
    expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
      `the aliases stand for more than ${limits.yamlAliasedValues} values`,
    ]);
  });

  for (const [format, text] of [
    ['yaml', '['.repeat(200_000)],
    ['yaml', '- '.repeat(200_000)],
    ['yaml', '{a: '.repeat(100_000)],
    ['yaml', '? '.repeat(100_000)],
    ['json', '['.repeat(1_000_000)],
    ['json', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
    ['json', '{"a":'.repeat(1_000_000)],
  ] as const) {
    it(`endless nesting is a problem and not a crash: ${format} ${text.slice(0, 8)}`, () => {
      const result = parseDefinition(text, format, '');
      expect(result.ok).toBe(false);
      expect(result.ok ? 0 : result.problems.length).toBeGreaterThan(0);
    });
  }

  it('after a hundred problems the rest are counted', () => {
    const jobs = Array.from({ length: 250 }, (_, i) => `  j${i}: {run: x, needs: nope}\n`).join('');
    const result = parseDefinition(`jobs:\n${jobs}`, 'yaml', 'ci.yml');
    const problems = result.ok ? [] : result.problems.map(formatProblem);
    expect(problems).toHaveLength(limits.problemsReported + 1);
    expect(problems.at(99)).toBe('ci.yml:101:24: job "j99" needs "nope", which does not exist');
    expect(problems.at(-1)).toBe('ci.yml: and 150 more problems');
  });

  it('every limit has a row for the documentation', () => {
    expect(Object.keys(limitRows)).toEqual(Object.keys(limits));
  });

  it('UTF-8 lengths match an encoder', () => {
    for (const text of ['', 'abc', 'é', '€', '😀', 'a😀é', '\ud800', '\udc00x', '\ud800\ud800\udc00']) {
      expect(utf8Bytes(text), JSON.stringify(text)).toBe(new TextEncoder().encode(text).length);
    }
  });
});
