import { WorkflowGraphError } from '../errors.js';
import type { Claim, ClaimedJob, Lease } from '../wire.js';

/**
 * Reads the answer to a claim. What a worker cannot do without must be there; what an older server does not send yet
 * gets the value that means "none".
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
  return { job: { ...JOB_DEFAULTS, ...withoutNulls(job) } as ClaimedJob, lease: lease as Lease };
}

/** Reads the answer to a claim of several jobs. */
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
};

function withoutNulls(job: Partial<ClaimedJob>): Partial<ClaimedJob> {
  return Object.fromEntries(Object.entries(job).filter(([, value]) => value !== null));
}
