import { WorkflowGraphError } from '../errors.js';
import { recordOf } from '../records.js';
import type { Claim, ClaimedJob, Lease } from '../wire.js';

/**
 * Reads the response to a claim. Required fields must be present; fields that an older server does not send get the
 * value for "none".
 */
export function readClaim(answer: unknown): Claim | null {
  if (answer === null) return null;
  const { job, lease } = answer as { job?: Partial<ClaimedJob>; lease?: Partial<Lease> };
  if (
    typeof job?.job_id !== 'string' ||
    typeof job.workflow_id !== 'string' ||
    typeof job.command !== 'string' ||
    typeof lease?.lease_id !== 'string' ||
    typeof lease.ttl_secs !== 'number'
  ) {
    const message = 'the answer to a claim lacks job_id, workflow_id, command, lease_id or ttl_secs';
    throw new WorkflowGraphError({ status: 200, code: 'malformed_claim', message });
  }
  const read = withSafeKeys({ ...JOB_DEFAULTS, ...withoutNulls(job) } as ClaimedJob);
  // 0, or null from an older server, when there was no delay.
  return { job: { ...read, delayed_until_ms: read.delayed_until_ms || null }, lease: lease as Lease };
}

/** Reads the response to a claim of several jobs. */
export function readClaims(answer: unknown): readonly Claim[] {
  const { claims } = (answer ?? {}) as { claims?: unknown };
  return Array.isArray(claims) ? claims.map(readClaim).filter((claim) => claim !== null) : [];
}

const JOB_DEFAULTS: Omit<ClaimedJob, 'job_id' | 'workflow_id' | 'command'> = {
  required_labels: [],
  retry_policy: { max_retries: 0, backoff: 'None' },
  attempt: 0,
  upstream_outputs: {},
  enqueued_at_ms: 0,
  delayed_until_ms: null,
  workflow: '',
  name: '',
  timeout_secs: null,
  env: {},
  steps: [],
  inputs: {},
  priority: 0,
  metadata: {},
  needs: {},
  group: null,
  index: null,
  matrix_json: null,
};

function withoutNulls(job: Partial<ClaimedJob>): Partial<ClaimedJob> {
  return Object.fromEntries(Object.entries(job).filter(([, value]) => value !== null));
}

/** The same job, with maps without a prototype. */
function withSafeKeys(job: ClaimedJob): ClaimedJob {
  return {
    ...job,
    upstream_outputs: recordOf(
      Object.entries(job.upstream_outputs).map(([id, outputs]) => [id, recordOf(Object.entries(outputs))] as const),
    ),
    needs: recordOf(Object.entries(job.needs)),
    inputs: recordOf(Object.entries(job.inputs)),
    env: recordOf(Object.entries(job.env)),
    steps: job.steps.map((step) => ({ ...step, env: recordOf(Object.entries(step.env ?? {})) })),
  };
}
