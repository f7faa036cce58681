import { expect, test } from 'vitest';
import { Claim, JobStatus, RunState, Workflow } from '../src/gen/workflowgraph/v1/types.js';
import { toClaim, toWorkflow } from '../src/grpc/from-wire.js';
import { readClaim } from '../src/wire/claim.js';

const lease = {
  lease_id: 'l',
  job_id: 'test.3',
  workflow_id: 'r',
  worker_id: 'w',
  ttl_secs: 30,
  granted_at_ms: 9,
  stop_grace_secs: 1.5,
};

/** With a value other than the default in every field. */
const job = {
  job_id: 'test.3',
  workflow_id: 'r',
  command: 'true',
  required_labels: ['gpu'],
  retry_policy: { max_retries: 2, backoff: { Exponential: { base_secs: 2, max_secs: 60, jitter: true } } },
  attempt: 1,
  upstream_outputs: { build: { url: 'x' } },
  enqueued_at_ms: 1_700_000_000_000,
  delayed_until_ms: 1_700_000_000_001,
  workflow: 'ci',
  name: 'Test',
  timeout_secs: 60,
  env: { A: '1' },
  steps: [{ id: 's', name: 'Step', run: 'true', env: { B: '2' } }],
  inputs: { tag: 'v1' },
  priority: -3,
  metadata: { team: { size: 4, lead: null } },
  needs: { build: { result: 'failure', tolerated: true, error: 'no', attempt: 4, duration_secs: 7 } },
  group: 'test',
  index: 3,
  matrix_json: '{"os":"linux"}',
};

/** The message of the job. */
const message = {
  ...job,
  retry_policy: {
    max_retries: 2,
    backoff: { none: undefined, fixed: undefined, exponential: { base_secs: 2, max_secs: 60, jitter: true } },
  },
  upstream_outputs: new Map([['build', { values: new Map([['url', 'x']]) }]]),
  env: new Map([['A', '1']]),
  steps: [{ id: 's', name: 'Step', run: 'true', env: new Map([['B', '2']]) }],
  inputs: new Map([['tag', 'v1']]),
  needs: new Map([['build', { ...job.needs.build, result: JobStatus.JOB_STATUS_FAILURE }]]),
};

/** As the client receives it. */
function received(claim: Claim): Claim {
  return Claim.decode(Claim.encode(claim).finish());
}

test('a job is the same whether it was pushed or claimed', () => {
  const pushed = toClaim(received({ job: message, lease }));
  expect(pushed).toEqual({ job, lease });
  expect(readClaim(JSON.parse(JSON.stringify({ job, lease })))).toEqual(pushed);
});

test('what is absent in a pushed job has the value for none', () => {
  const { job: pushed } = toClaim({ job: Claim.decode(new Uint8Array([10, 0])).job, lease });
  const nothing = { job: { job_id: '', workflow_id: '', command: '' }, lease };
  expect(pushed).toEqual(readClaim(nothing)?.job);
  expect(pushed).toMatchObject({
    retry_policy: { max_retries: 0, backoff: 'None' },
    upstream_outputs: {},
    delayed_until_ms: null,
    timeout_secs: null,
    metadata: {},
    needs: {},
    index: null,
  });
});

test.each([
  [{ none: {} }, 'None'],
  [{ fixed: { delay_secs: 5 } }, { Fixed: { delay_secs: 5 } }],
  [{ exponential: { base_secs: 2, max_secs: 60 } }, { Exponential: { base_secs: 2, max_secs: 60 } }],
  [{}, 'None'],
])('a backoff %j is that of the documented JSON', (backoff, documented) => {
  const whole = { none: undefined, fixed: undefined, exponential: undefined, ...backoff };
  const claim = received({ job: { ...message, retry_policy: { max_retries: 1, backoff: whole as never } }, lease });
  expect(toClaim(claim).job.retry_policy).toEqual({ max_retries: 1, backoff: documented });
});

test('a pushed job without a lease is malformed', () => {
  expect(() => toClaim({ job: message, lease: undefined })).toThrow('a pushed job lacks its job or lease');
});

test('a watched workflow has the words, the nulls and the maps of the documented JSON', () => {
  const bytes = Workflow.encode({
    ...Workflow.decode(new Uint8Array()),
    state: RunState.RUN_STATE_RUNNING,
    inputs: new Map([['__proto__', 'x']]),
    broken: { file: 'ci.yml', since_ms: 5, problems: [] },
    jobs: [{ ...jobOfNothing(), status: JobStatus.JOB_STATUS_SKIPPED, outputs: new Map([['a', 'b']]), exit_code: 0 }],
  }).finish();
  const workflow = toWorkflow(Workflow.decode(bytes));
  expect(workflow).toMatchObject({
    state: 'running',
    run_id: null,
    group: null,
    held: false,
    broken: { file: 'ci.yml', since_ms: 5, problems: [] },
    jobs: [{ status: 'skipped', outputs: { a: 'b' }, metadata: {}, exit_code: 0, children: null, if: null }],
  });
  expect(JSON.stringify(workflow.inputs)).toBe('{"__proto__":"x"}');
  expect(toWorkflow(Workflow.decode(new Uint8Array())).state).toBeNull();
});

function jobOfNothing() {
  const [job] = Workflow.decode(new Uint8Array([34, 0])).jobs;
  if (job === undefined) throw new Error('a workflow with an empty job was read without it');
  return job;
}
