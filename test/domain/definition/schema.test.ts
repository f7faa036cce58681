import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { workflowFileSchema } from '../../../src/domain/definition/schema.js';

const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  workflowFileSchema(),
);

describe('the JSON Schema of a workflow file', () => {
  const good = [
    'jobs: {a: {run: x}}',
    'name: x\non: {push: {}}\nenv: {A: 1, B: true, C: }\njobs: {a: {run: x}}',
    'jobs: {a: {run: x, name: n, labels: l, retries: 2, backoff: none, timeout: 5m, if: always(), priority: -3, metadata: {a: [1]}}, b: {needs: a, run: x}}',
    'jobs: {a: {run: x, backoff: {fixed: 5}}, b: {run: x, backoff: {exponential: {base: 1s, max: 60, jitter: true}}, needs: [a]}}',
    'jobs: {a: {run: x, backoff: {Fixed: {delay_secs: 5}}}, b: {run: x, backoff: {Exponential: {base_secs: 1, max_secs: 60}}}}',
    'jobs: {a: {run: x, retries: 1, retry-on: [lost, 75, 128-255]}, b: {run: x, retries: 1, retry-on: 1, workspace: fresh}}',
    'jobs: {a: {steps: [{run: x}, {id: i, name: n, run: y, env: {A: b}}]}}',
  ];
  for (const text of good) {
    it(`accepts what the reader accepts: ${text.slice(0, 60)}`, () => {
      expect(parseDefinition(text, 'yaml', '').ok).toBe(true);
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    });
  }

  const bad = [
    'name: x',
    'jobs: {}',
    'jobs: []',
    'nmae: x\njobs: {a: {run: x}}',
    'jobs: {a: {}}',
    'jobs: {a: {run: x, steps: [{run: y}]}}',
    'jobs: {a: {run: x, need: b}}',
    'jobs: {1a: {run: x}}',
    'jobs: {a: {run: x, retries: -1}}',
    'jobs: {a: {run: x, timeout: 5 minutes}}',
    'jobs: {a: {run: x, backoff: {linear: 1}}}',
    'jobs: {a: {run: x, priority: 1001}}',
    'jobs: {a: {run: x, env: {A-B: 1}}}',
    'jobs: {a: {run: x, retries: 1, retry-on: [256]}}',
    'jobs: {a: {run: x, retries: 1, retry-on: [oom]}}',
    'jobs: {a: {run: x, workspace: shared}}',
    'jobs: {a: {steps: [{name: x}]}}',
    'jobs: {a: {steps: [{run: x, uses: y}]}}',
  ];
  for (const text of bad) {
    it(`refuses what the reader refuses: ${text.replaceAll('\n', ' ').slice(0, 60)}`, () => {
      expect(parseDefinition(text, 'yaml', '').ok).toBe(false);
      expect(validate(parse(text))).toBe(false);
    });
  }
});
