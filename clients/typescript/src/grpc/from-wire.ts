import { WorkflowGraphError } from '../errors.js';
import type * as pb from '../gen/workflowgraph/v1/types.js';
import { recordOf } from '../records.js';
import type { Backoff, Claim, Job, NeedResult, Outputs, Workflow } from '../wire.js';
import { jobStatusName, runStateName } from './wire-names.js';

/**
 * Converts a pushed job to the form of the documented paths. Throws a WorkflowGraphError if its job or lease is absent.
 */
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
      upstream_outputs: recordOf(
        [...job.upstream_outputs].map(([id, { values }]): [string, Outputs] => [id, recordOf(values)]),
      ),
      inputs: recordOf(job.inputs),
      env: recordOf(job.env),
      steps: job.steps.map((step) => ({ ...step, env: recordOf(step.env) })),
      delayed_until_ms: job.delayed_until_ms || null,
      timeout_secs: job.timeout_secs ?? null,
      metadata: job.metadata ?? {},
      needs: recordOf([...job.needs].map(([id, need]): [string, NeedResult] => [id, toNeed(need)])),
      group: job.group ?? null,
      index: job.index ?? null,
      matrix_json: job.matrix_json ?? null,
    },
    lease,
  };
}

/** Converts a workflow to the form of the documented paths. */
export function toWorkflow(workflow: pb.Workflow): Workflow {
  return {
    ...workflow,
    inputs: recordOf(workflow.inputs),
    jobs: workflow.jobs.map(toJob),
    run_id: workflow.run_id ?? null,
    state: workflow.state === undefined ? null : runStateName(workflow.state),
    created_at_ms: workflow.created_at_ms ?? null,
    started_at_ms: workflow.started_at_ms ?? null,
    ended_at_ms: workflow.ended_at_ms ?? null,
    broken: workflow.broken ?? null,
    started_by: workflow.started_by ?? null,
    rerun_of: workflow.rerun_of ?? null,
    group: workflow.group ?? null,
    run_name: workflow.run_name ?? null,
    schedule: workflow.schedule ?? null,
    scheduled_at_ms: workflow.scheduled_at_ms ?? null,
  };
}

function toNeed({ result, tolerated, error, attempt, duration_secs }: pb.NeedResult): NeedResult {
  const ended = { result: jobStatusName(result), tolerated, attempt };
  return { ...ended, error: error ?? null, duration_secs: duration_secs ?? null };
}

function toJob(job: pb.Job): Job {
  return {
    ...job,
    status: jobStatusName(job.status),
    outputs: recordOf(job.outputs),
    duration_secs: job.duration_secs ?? null,
    duration_ms: job.duration_ms ?? null,
    started_at: job.started_at ?? null,
    output: job.output ?? null,
    metadata: job.metadata ?? {},
    if: job.if ?? null,
    timeout_secs: job.timeout_secs ?? null,
    ended_at: job.ended_at ?? null,
    worker_id: job.worker_id ?? null,
    log_missing_bytes: job.log_missing_bytes ?? null,
    exit_code: job.exit_code ?? null,
    delayed_until_ms: job.delayed_until_ms ?? null,
    children: job.children ?? null,
  };
}

function toBackoff(backoff: pb.Backoff | undefined): Backoff {
  if (backoff?.fixed !== undefined) return { Fixed: backoff.fixed };
  if (backoff?.exponential === undefined) return 'None';
  const { base_secs, max_secs, jitter } = backoff.exponential;
  return { Exponential: { base_secs, max_secs, ...(jitter === undefined ? {} : { jitter }) } };
}
