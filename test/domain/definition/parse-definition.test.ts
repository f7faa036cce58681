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
  // What runs must not be underlined in an editor. The API's form has a schema of its own.
  if (format === 'yaml') expect(saidByEditor(text), text).toBeNull();
  else if (text.length < 10_000) expect(saidOfApiForm(text), text).toBeNull();
  return result.definition;
}

const job = (fields: string) => accepted(`jobs:\n  a: {run: x, ${fields}}\n`).jobs[0];

describe('a workflow file', () => {
  it('becomes a definition: the Release example', () => {
    const definition = accepted(`name: Release
on: push
env: { CI: "true" }
jobs:
  build:
    name: Build
    run: make build
    labels: [linux, docker]
    retries: 2
  publish:
    needs: [build]          # or a single string
    steps:
      - name: Sign
        run: ./sign.sh
        env: { KEY_ID: release }
      - name: Upload
        run: ./upload.sh
`);
    expect(definition).toMatchObject({ name: 'Release', trigger: 'push', env: { CI: 'true' } });
    expect(definition.jobs).toMatchObject([
      {
        key: 'build',
        name: 'Build',
        needs: [],
        labels: ['docker', 'linux'],
        retry: { maxRetries: 2, backoff: { kind: 'none' } },
        command: "export CI='true'\nmake build",
        steps: [],
      },
      {
        key: 'publish',
        name: 'publish',
        needs: [0],
        labels: [],
        retry: { maxRetries: 0, backoff: { kind: 'none' } },
        priority: 0,
        timeoutSecs: null,
        condition: null,
        metadata: null,
        steps: [
          { id: 'step-1', name: 'Sign', run: './sign.sh', env: { KEY_ID: 'release' } },
          { id: 'step-2', name: 'Upload', run: './upload.sh', env: {} },
        ],
      },
    ]);
  });

  it('may route jobs by labels: a multi-environment deploy', () => {
    const definition = accepted(`
jobs:
  build:
    run: cargo build --release
  deploy-staging:
    needs: [build]
    labels: [staging]
    run: ./deploy.sh staging
  deploy-prod:
    needs: [build]
    labels: [production]
    run: ./deploy.sh production
`);
    expect(definition.name).toBe('ci');
    expect(definition.jobs.map(({ key, needs, labels, command }) => [key, needs, labels, command])).toEqual([
      ['build', [], [], 'cargo build --release'],
      ['deploy-staging', [0], ['staging'], './deploy.sh staging'],
      ['deploy-prod', [0], ['production'], './deploy.sh production'],
    ]);
  });

  it('keeps a script of several lines as it is: outputs for a deploy', () => {
    const definition = accepted(`jobs:
  build:
    run: |
      cargo build --release
      echo "::set-output artifact_url=s3://bucket/build.tar.gz"
      echo "::set-output version=1.2.3"
  deploy:
    needs: [build]
    run: deploy.sh
`);
    expect(definition.jobs[0]?.command).toBe(
      'set -e\ncargo build --release\necho "::set-output artifact_url=s3://bucket/build.tar.gz"\necho "::set-output version=1.2.3"\n',
    );
    expect(definition.jobs[1]).toMatchObject({ needs: [0], command: 'deploy.sh' });
  });

  const fields: readonly (readonly [written: string, read: object])[] = [
    ['needs: []', { needs: [] }],
    ['labels: gpu', { labels: ['gpu'] }],
    ['labels: [b, a, b]', { labels: ['a', 'b'] }],
    ['labels: [" x", x]', { labels: [' x', 'x'] }],
    ['retries: 1000', { retry: { maxRetries: 1000, backoff: { kind: 'none' } } }],
    ['retries: 0x10', { retry: { maxRetries: 16, backoff: { kind: 'none' } } }],
    ['backoff: none', { retry: { maxRetries: 0, backoff: { kind: 'none' } } }],
    ['backoff: "None"', { retry: { maxRetries: 0, backoff: { kind: 'none' } } }],
    ['backoff: {fixed: 5}', { retry: { maxRetries: 0, backoff: { kind: 'fixed', delaySecs: 5 } } }],
    ['backoff: {fixed: 2m}', { retry: { maxRetries: 0, backoff: { kind: 'fixed', delaySecs: 120 } } }],
    ['backoff: {fixed: {delay: 0}}', { retry: { maxRetries: 0, backoff: { kind: 'fixed', delaySecs: 0 } } }],
    ['backoff: {Fixed: {delay_secs: 5}}', { retry: { maxRetries: 0, backoff: { kind: 'fixed', delaySecs: 5 } } }],
    [
      'backoff: {exponential: {base: 2, max: 1m, jitter: true}}',
      { retry: { maxRetries: 0, backoff: { kind: 'exponential', baseSecs: 2, maxSecs: 60, jitter: true } } },
    ],
    [
      'backoff: {Exponential: {base_secs: 2, max_secs: 60}}',
      { retry: { maxRetries: 0, backoff: { kind: 'exponential', baseSecs: 2, maxSecs: 60, jitter: false } } },
    ],
    ['timeout: 90', { timeoutSecs: 90 }],
    ['timeout: 90s', { timeoutSecs: 90 }],
    ['timeout: 5m', { timeoutSecs: 300 }],
    ['timeout: 1h', { timeoutSecs: 3600 }],
    ['timeout: 2d', { timeoutSecs: 172_800 }],
    ['priority: -1000', { priority: -1000 }],
    ['if: always()', { condition: 'always()' }],
    ['if: true', { condition: 'true' }],
    ['if: "${{ inputs.env == \'prod\' }}"', { condition: "${{ inputs.env == 'prod' }}" }],
    ['metadata: {a: [1, 2.50, null, {b: yes}]}', { metadata: { a: [1, 2.5, null, { b: 'yes' }] } }],
    ['name: yes', { name: 'yes' }],
    [
      'env: {A: 1.10, B: 0644, C: true, D: ~, E: , F: "q", G: yes, H: 0x1F}',
      { env: { A: '1.10', B: '0644', C: 'true', D: '', E: '', F: 'q', G: 'yes', H: '0x1F' } },
    ],
    [
      'env: , labels: , needs: , retries: , backoff: , timeout: , metadata: , steps: ',
      { labels: [], needs: [], timeoutSecs: null, steps: [] },
    ],
  ];
  for (const [written, read] of fields) {
    it(`a job may say ${written}`, () => {
      expect(job(written)).toMatchObject(read);
    });
  }

  const triggers: readonly (readonly [written: string, trigger: string])[] = [
    ['on: push', 'push'],
    ['on: [push, pull_request]', 'push, pull_request'],
    ['on: {push: {branches: [main]}, schedule: }', 'push, schedule'],
    ['on:', ''],
    ['name: x', ''],
  ];
  for (const [written, trigger] of triggers) {
    it(`\`${written}\` is the trigger "${trigger}"`, () => {
      expect(accepted(`${written}\njobs: {a: {run: x}}\n`).trigger).toBe(trigger);
    });
  }

  const files: readonly (readonly [file: string, name: string])[] = [
    ['workflows/ci.yml', 'ci'],
    ['ci.yaml', 'ci'],
    ['C:\\w\\release.JSON', 'release'],
    ['v1.2.yml', 'v1.2'],
    ['', 'workflow'],
  ];
  for (const [file, name] of files) {
    it(`without a name, the file "${file}" makes it "${name}"`, () => {
      expect(accepted('jobs: {a: {run: x}}', 'yaml', file).name).toBe(name);
    });
  }

  it('may begin with a byte order mark, and have Windows line ends', () => {
    expect(accepted('\uFEFFname: x\r\njobs:\r\n  a:\r\n    run: y\r\n').jobs[0]?.command).toBe('y');
    expect(accepted('\uFEFF{"name": "x", "jobs": [{"id": "a", "command": "y"}]}', 'json').name).toBe('x');
  });

  it('may use anchors and aliases', () => {
    const { jobs } = accepted(
      'jobs:\n  a: {run: x, env: &e {A: 1}, labels: &l [z]}\n  b: {run: y, env: *e, labels: *l}\n',
    );
    expect(jobs[1]).toMatchObject({ env: { A: '1' }, labels: ['z'] });
  });

  it('the env of a job wins over that of the top level', () => {
    const { jobs, env } = accepted('env: {A: 1, B: 2}\njobs:\n  a: {run: x, env: {B: 3, C: "it\'s"}}\n  b: {run: x}\n');
    expect(env).toEqual({ A: '1', B: '2' });
    expect(jobs[0]).toMatchObject({ env: { A: '1', B: '3', C: "it's" } });
    expect(jobs[0]?.command).toBe("export A='1'\nexport B='3'\nexport C='it'\\''s'\nx");
    expect(jobs[1]?.command).toBe("export A='1'\nexport B='2'\nx");
  });

  it('a step is named by its name, its id, or the first line of its script', () => {
    const [first] = accepted(
      `jobs:\n  a:\n    steps:\n      - {name: One, id: i, run: x}\n      - {id: two, run: x}\n      - run: |\n\n          make  all\n          make test\n      - run: ${'y'.repeat(99)}\n`,
    ).jobs;
    expect(first?.steps.map((step) => [step.id, step.name])).toEqual([
      ['i', 'One'],
      ['two', 'two'],
      ['step-3', 'make  all'],
      ['step-4', `${'y'.repeat(79)}…`],
    ]);
  });

  it('may be written as JSON', () => {
    expect(accepted('{"jobs": {"a": {"run": "x", "needs": "b"}, "b": {"run": "y"}}}', 'json', 'ci.json')).toMatchObject(
      {
        name: 'ci',
        jobs: [{ key: 'a', needs: [1] }, { key: 'b' }],
      },
    );
  });

  for (const [format, text] of [
    [
      'yaml',
      'jobs:\n  __proto__: {run: x, env: {__proto__: 1, constructor: 2}, metadata: {__proto__: {a: 1}}}\n  constructor: {run: y, needs: __proto__}\n  toString: {run: z, needs: [constructor, __proto__]}\n',
    ],
    [
      'json',
      '{"jobs": {"__proto__": {"run": "x", "env": {"__proto__": "1", "constructor": "2"}, "metadata": {"__proto__": {"a": 1}}}, "constructor": {"run": "y", "needs": "__proto__"}, "toString": {"run": "z", "needs": ["constructor", "__proto__"]}}}',
    ],
    [
      'json',
      '{"name": "p", "jobs": [{"id": "__proto__", "command": "x", "env": {"__proto__": "1", "constructor": "2"}, "metadata": {"__proto__": {"a": 1}}}, {"id": "constructor", "command": "y", "depends_on": ["__proto__"]}, {"id": "toString", "command": "z", "depends_on": ["constructor", "__proto__"]}]}',
    ],
  ] as const) {
    it(`names of JavaScript's own are names like any other (${format})`, () => {
      const { jobs } = accepted(text, format);
      expect(jobs.map(({ key, needs }) => [key, needs])).toEqual([
        ['__proto__', []],
        ['constructor', [0]],
        ['toString', [1, 0]],
      ]);
      expect(Object.entries(jobs[0]?.env ?? {})).toEqual([
        ['__proto__', '1'],
        ['constructor', '2'],
      ]);
      expect(JSON.stringify(jobs[0]?.metadata)).toBe('{"__proto__":{"a":1}}');
      expect(({} as { a?: unknown }).a).toBeUndefined();
    });
  }
});

describe('a key that comes twice in JSON', () => {
  const jobs = '"jobs": [{"id": "a", "command": "x"}]';
  for (const text of ['\\"', '\\"\\"', '\\\\', '\\\\\\"', '\\": ', '\\"x\\": \\"']) {
    it(`is found beside the text ${text}, and only then`, () => {
      expect(parseDefinition(`{"name": "a${text}", "trigger": "t", ${jobs}}`, 'json', '').ok).toBe(true);
      const result = parseDefinition(`{"name": "a${text}", "name": "n", ${jobs}}`, 'json', '');
      expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
        'the key "name" appears twice',
      ]);
    });
  }

  it('is found wherever it is, whatever texts are around it', () => {
    const key = fc.string({ maxLength: 5, unit: fc.constantFrom('a', '"', '\\', ':', ' ', '{', ',') });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, key)), (pairs) => {
        const written = pairs.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(', ');
        const result = parseDefinition(`{"name": "n", ${jobs}, "more": {${written}}}`, 'json', '');
        expect(result.ok).toBe(new Set(pairs.map(([name]) => name)).size === pairs.length);
      }),
    );
  });
});

describe("the API's form", () => {
  it('becomes a definition, with all that a job can say', () => {
    const text = JSON.stringify({
      name: 'Nightly',
      trigger: 'schedule',
      env: { A: 'top' },
      jobs: [
        { id: 'build', name: 'Build', command: 'make', depends_on: [], required_labels: ['linux'], max_retries: 3 },
        {
          id: 'test',
          command: 'make test',
          depends_on: ['build'],
          max_retries: 1,
          retry_policy: { max_retries: 2, backoff: { Exponential: { base_secs: 1, max_secs: 8 } } },
          priority: 5,
          timeout_secs: 60,
          if: 'failure()',
          env: { B: 1 },
          metadata: { team: 'infra' },
        },
        { id: 'steps', steps: [{ run: 'x', unknown: 1 }] },
      ],
    });
    const definition = accepted(text, 'json', '');
    expect(definition).toMatchObject({ name: 'Nightly', trigger: 'schedule' });
    expect(definition.jobs).toMatchObject([
      { key: 'build', name: 'Build', labels: ['linux'], retry: { maxRetries: 3, backoff: { kind: 'none' } } },
      {
        key: 'test',
        name: 'test',
        needs: [0],
        retry: { maxRetries: 2, backoff: { kind: 'exponential', baseSecs: 1, maxSecs: 8, jitter: false } },
        priority: 5,
        timeoutSecs: 60,
        condition: 'failure()',
        env: { A: 'top', B: '1' },
        command: "export A='top'\nexport B='1'\nmake test",
        metadata: { team: 'infra' },
      },
      { key: 'steps', steps: [{ id: 'step-1', name: 'x' }] },
    ]);
  });

  it('a workflow that was read from the API can be posted back', () => {
    const command = accepted('jobs: {a: {steps: [{run: x}]}}').jobs[0]?.command ?? '';
    const text = JSON.stringify({
      id: 'ci',
      name: 'CI',
      trigger: '',
      run_id: null,
      state: 'failure',
      version: 3,
      jobs: [
        {
          id: 'a',
          name: 'A',
          status: 'failure',
          command,
          duration_secs: 1.5,
          started_at: 1700000000000,
          depends_on: [],
          output: 'exit status 1',
          required_labels: [],
          max_retries: 0,
          attempt: 2,
          metadata: null,
          if: null,
          timeout_secs: null,
          priority: 0,
          outputs: {},
          steps: [{ id: 's', name: 'S', run: 'x', env: {} }],
        },
      ],
    });
    const [job] = accepted(text, 'json', '').jobs;
    expect(job).toMatchObject({ key: 'a', name: 'A', command, condition: null, timeoutSecs: null, metadata: null });
    expect(job?.steps).toHaveLength(1);
  });
});

describe('the graph', () => {
  /** Each job may need any before it, then the jobs are shuffled. */
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

  it('with an edge back is refused, naming a cycle that is there', () => {
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
