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

  it('keeps a script of several lines unchanged: outputs for a deploy', () => {
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
    it(`a job may have ${written}`, () => {
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

  it('the env of a job overrides that of the top level', () => {
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
    it(`names of JavaScript properties are ordinary names (${format})`, () => {
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

describe('a duplicate key in JSON', () => {
  const jobs = '"jobs": [{"id": "a", "command": "x"}]';
  for (const text of ['\\"', '\\"\\"', '\\\\', '\\\\\\"', '\\": ', '\\"x\\": \\"']) {
    it(`is found next to the text ${text}, and only then`, () => {
      expect(parseDefinition(`{"name": "a${text}", "trigger": "t", ${jobs}}`, 'json', '').ok).toBe(true);
      const result = parseDefinition(`{"name": "a${text}", "name": "n", ${jobs}}`, 'json', '');
      expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
        'the key "name" appears twice',
      ]);
    });
  }

  it('is found anywhere, whatever texts surround it', () => {
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
