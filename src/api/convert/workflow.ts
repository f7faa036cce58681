import type { Job, Workflow } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { Run } from '../../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { JobView, RunView, WorkflowView } from '../../engine/engine.js';
import { toWireStruct } from './claim.js';
import { mapInSlices } from './in-slices.js';
import { toWireMap } from './maps.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { toWireJobStatus, toWireRunState } from './states.js';

/** Gives way to other requests while it converts a workflow of very many jobs. */
export async function toWireWorkflow(view: WorkflowView): Promise<Workflow> {
  const { run } = view;
  return {
    $typeName: 'workflowgraph.v1.Workflow',
    id: view.id,
    name: view.name,
    trigger: view.trigger,
    jobs: await mapInSlices(view.jobs, toWireJob),
    workflow: view.workflowId,
    runId: run?.runId,
    state: run === null ? undefined : toWireRunState(run.state),
    version: view.version,
    createdAtMs: toOptionalInt64(run?.createdAtMs ?? null),
    startedAtMs: toOptionalInt64(run?.startedAtMs ?? null),
    endedAtMs: toOptionalInt64(run?.endedAtMs ?? null),
  };
}

function toWireJob(job: JobView): Job {
  const { spec } = job;
  return {
    $typeName: 'workflowgraph.v1.Job',
    id: job.key,
    name: spec.name,
    status: toWireJobStatus(job.status),
    command: spec.command,
    durationSecs: durationSecs(job),
    startedAt: toOptionalInt64(job.startedAtMs),
    dependsOn: [...spec.needs],
    output: job.error ?? undefined,
    requiredLabels: [...spec.labels],
    maxRetries: spec.retry.maxRetries,
    attempt: job.attempt,
    metadata: toWireStruct(spec.metadata),
    if: spec.condition ?? undefined,
    timeoutSecs: toOptionalInt64(spec.timeoutSecs),
    priority: spec.priority,
    outputs: toWireMap(job.outputs),
    endedAt: toOptionalInt64(job.endedAtMs),
    workerId: job.workerId ?? undefined,
    delayedUntilMs: toOptionalInt64(job.delayedUntilMs),
  };
}

function durationSecs({ startedAtMs, endedAtMs }: JobView): number | undefined {
  return startedAtMs === null || endedAtMs === null ? undefined : (endedAtMs - startedAtMs) / 1000;
}

export function toWireRun(run: RunView): Run {
  return {
    $typeName: 'workflowgraph.v1.Run',
    runId: run.runId,
    workflow: run.workflowId,
    name: run.name,
    state: toWireRunState(run.state),
    version: run.version,
    createdAtMs: toInt64(run.createdAtMs),
    startedAtMs: toOptionalInt64(run.startedAtMs),
    endedAtMs: toOptionalInt64(run.endedAtMs),
    jobs: run.jobs,
    openJobs: run.openJobs,
    inputs: toWireMap(run.inputs),
  };
}
