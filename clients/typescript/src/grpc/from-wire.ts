import { WorkflowGraphError } from '../errors.js';
import type * as pb from '../gen/workflowgraph/v1/types.js';
import type { Backoff, Claim, Job, Outputs, Workflow } from '../wire.js';
import { jobStatusName, runStateName } from './wire-names.js';

/** A pushed job as the documented paths give it. Throws a WorkflowGraphError when its job or lease is absent. */
export function toClaim({ job, lease }: pb.Claim): Claim {
  if (job === undefined || lease === undefined) {
    throw new WorkflowGraphError({
      status: 200,
      code: 'malformed_claim',
      message: 'a pushed job lacks its job or lease',
    });
  }
  return {
    job: {
      ...job,
      retry_policy: { max_retries: job.retry_policy?.max_retries ?? 0, backoff: toBackoff(job.retry_policy?.backoff) },
      upstream_outputs: Object.fromEntries(
        Object.entries(job.upstream_outputs).map(([id, outputs]): [string, Outputs] => [id, outputs.values]),
      ),
      delayed_until_ms: job.delayed_until_ms ?? null,
      timeout_secs: job.timeout_secs ?? null,
      metadata: job.metadata ?? {},
    },
    lease,
  };
}

/** A workflow as the documented paths give it. */
export function toWorkflow(workflow: pb.Workflow): Workflow {
  return {
    ...workflow,
    jobs: workflow.jobs.map(toJob),
    run_id: workflow.run_id ?? null,
    state: workflow.state === undefined ? null : runStateName(workflow.state),
    created_at_ms: workflow.created_at_ms ?? null,
    started_at_ms: workflow.started_at_ms ?? null,
    ended_at_ms: workflow.ended_at_ms ?? null,
  };
}

function toJob(job: pb.Job): Job {
  return {
    ...job,
    status: jobStatusName(job.status),
    duration_secs: job.duration_secs ?? null,
    started_at: job.started_at ?? null,
    output: job.output ?? null,
    metadata: job.metadata ?? null,
    if: job.if ?? null,
    timeout_secs: job.timeout_secs ?? null,
    ended_at: job.ended_at ?? null,
    worker_id: job.worker_id ?? null,
    delayed_until_ms: job.delayed_until_ms ?? null,
  };
}

function toBackoff(backoff: pb.Backoff | undefined): Backoff {
  if (backoff?.fixed !== undefined) return { Fixed: backoff.fixed };
  if (backoff?.exponential === undefined) return 'None';
  const { base_secs, max_secs, jitter } = backoff.exponential;
  return { Exponential: { base_secs, max_secs, ...(jitter === undefined ? {} : { jitter }) } };
}
