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

describe("the API's form", () => {
  it('becomes a definition, with every field of a job', () => {
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
