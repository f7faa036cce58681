import { WorkflowGraphError } from '../errors.js';
import { recordOf } from '../records.js';
import type { JobStatus } from './workflow.js';

/** Named texts that a job hands to the jobs that need it. */
export type Outputs = Readonly<Record<string, string>>;

/** How long a failed attempt waits before the next. */
export type Backoff =
  | 'None'
  | { readonly Fixed: { readonly delay_secs: number } }
  | { readonly Exponential: { readonly base_secs: number; readonly max_secs: number; readonly jitter?: boolean } };

/** One step of a job, for display: the job's `command` runs them all. */
export interface Step {
  readonly id: string;
  readonly name: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a job that another one needs has ended. */
export interface NeedResult {
  readonly result: JobStatus;
  /** Whether it failed, and that counts as success. */
  readonly tolerated: boolean;
  /** Of one that failed, the beginning of its error text. */
  readonly error: string | null;
  /** The number of its last attempt, from 0. */
  readonly attempt: number;
  /** How long that took, in whole seconds; null when there was none. */
  readonly duration_secs: number | null;
}

/** A job as it is handed to a worker. */
export interface ClaimedJob {
  /** The job's key in its workflow. */
  readonly job_id: string;
  /** The id of the run. */
  readonly workflow_id: string;
  /** A POSIX shell script, to be run with `sh -c`. */
  readonly command: string;
  readonly required_labels: readonly string[];
  readonly retry_policy: { readonly max_retries: number; readonly backoff: Backoff };
  /** The number of this attempt, from 0. */
  readonly attempt: number;
  /** The outputs of each job that this one needs, by job id. */
  readonly upstream_outputs: Readonly<Record<string, Outputs>>;
  readonly enqueued_at_ms: number;
  /** Until when the job's last retry was delayed; null when it was not. */
  readonly delayed_until_ms: number | null;
  /** The id of the workflow's definition. */
  readonly workflow: string;
  /** The job's display name. */
  readonly name: string;
  /** The attempt may take this many seconds; null is without limit. */
  readonly timeout_secs: number | null;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** The inputs of the run. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** How each job that this one needs has ended, by job id; empty from older servers. */
  readonly needs: Readonly<Record<string, NeedResult>>;
  /** Of a child of a job with a matrix, whose id is `test.3`: the key of that job; null for any other job. */
  readonly group: string | null;
  /** The child's index, from 0. */
  readonly index: number | null;
  /** The child's values as a JSON object. `env` has them as `MATRIX_<KEY>`. */
  readonly matrix_json: string | null;
}

/** The right to report on one attempt. Its id is a secret. */
export interface Lease {
  readonly lease_id: string;
  readonly job_id: string;
  /** The id of the run. */
  readonly workflow_id: string;
  readonly worker_id: string;
  readonly ttl_secs: number;
  readonly granted_at_ms: number;
  /** How long the server waits for the report of a job that it wants stopped, in seconds; absent from older servers. */
  readonly stop_grace_secs?: number;
}

/** A job and the right to report on it. */
export interface Claim {
  readonly job: ClaimedJob;
  readonly lease: Lease;
}

/**
 * Reads the response to a claim. Required fields must be present; fields that an older server does not send get the
 * value for "none".
 */
export function readClaim(answer: unknown): Claim | null {
  return answer === null ? null : readPresentClaim(answer);
}

/** The same for a claim that is there. */
export function readPresentClaim(answer: unknown): Claim {
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
  const { max_retries, backoff } = read.retry_policy;
  const retry_policy = { max_retries, backoff: backoff ?? 'None' };
  return { job: { ...read, retry_policy, delayed_until_ms: read.delayed_until_ms || null }, lease: lease as Lease };
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
