import type { Run, RunDetails as WireRunDetails } from '../../../gen/workflowgraph/v1/runs_pb.js';
import type { BrokenFile, Job, Workflow } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { JobView, RunDetails, RunView, WorkflowView } from '../../engine/engine.js';
import { toWireChildren } from './children.js';
import { toWireStruct } from './claim.js';
import { toWireProblem } from './error-detail.js';
import { mapInSlices } from './in-slices.js';
import { toWireMap } from './maps.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { toWireJobStatus, toWireRunState } from './states.js';

/** Lets other requests run while it converts a workflow of very many jobs. */
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
    broken: view.broken === undefined ? undefined : toWireBrokenFile(view.broken),
    inputs: toWireMap(run?.inputs ?? new Map()),
    startedBy: run?.startedBy ?? undefined,
    generation: run?.generation ?? 0,
    rerunOf: run?.rerunOf ?? undefined,
    held: run?.held ?? false,
    group: run?.group ?? undefined,
    runName: run?.runName ?? undefined,
    runTrigger: run?.trigger ?? '',
    schedule: run?.schedule ?? undefined,
    scheduledAtMs: toOptionalInt64(run?.scheduledAtMs ?? null),
    timedOut: run?.timedOut ?? false,
  };
}

export function toWireBrokenFile({ file, sinceMs, problems }: NonNullable<WorkflowView['broken']>): BrokenFile {
  return {
    $typeName: 'workflowgraph.v1.BrokenFile',
    file,
    sinceMs: toInt64(sinceMs),
    problems: problems.map(toWireProblem),
  };
}

export function toWireJob(job: JobView): Job {
  const { spec } = job;
  const duration = durationMs(job);
  return {
    $typeName: 'workflowgraph.v1.Job',
    id: job.key,
    name: spec.name,
    status: toWireJobStatus(job.status),
    command: spec.command,
    durationSecs: duration === null ? undefined : BigInt(Math.floor(duration / 1000)),
    startedAt: toOptionalInt64(job.startedAtMs),
    dependsOn: [...spec.needs],
    output: job.error ?? undefined,
    requiredLabels: [...spec.labels],
    maxRetries: spec.retry.maxRetries,
    attempt: job.attempt,
    metadata: toWireStruct(spec.metadata),
    if: spec.condition ?? undefined,
    timeoutSecs: toOptionalInt64(spec.timeoutSecs),
    queueTimeoutSecs: toOptionalInt64(spec.queueTimeoutSecs ?? null),
    priority: spec.priority,
    outputs: toWireMap(job.outputs),
    endedAt: toOptionalInt64(job.endedAtMs),
    workerId: job.workerId ?? undefined,
    logMissingBytes: toOptionalInt64(job.logMissingBytes),
    delayedUntilMs: toOptionalInt64(job.delayedUntilMs),
    durationMs: toOptionalInt64(duration),
    truncated: job.truncated,
    tolerated: job.isTolerated,
    exitCode: job.exitCode ?? undefined,
    continueOnError: spec.continueOnError === true,
    held: job.isHeld,
    children: job.children === null ? undefined : toWireChildren(job.children),
  };
}

function durationMs({ startedAtMs, endedAtMs }: JobView): number | null {
  return startedAtMs === null || endedAtMs === null ? null : endedAtMs - startedAtMs;
}

export function toWireRun(run: RunView & { readonly details?: RunDetails | null }): Run {
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
    startedBy: run.startedBy ?? undefined,
    details: run.details === null || run.details === undefined ? undefined : toWireRunDetails(run.details),
    generation: run.generation,
    rerunOf: run.rerunOf ?? undefined,
    held: run.held,
    group: run.group ?? undefined,
    runName: run.runName ?? undefined,
    trigger: run.trigger,
    schedule: run.schedule ?? undefined,
    scheduledAtMs: toOptionalInt64(run.scheduledAtMs),
    timedOut: run.timedOut,
  };
}

function toWireRunDetails({ counts, retries, tolerated, noMatchingWorker, firstFailure }: RunDetails): WireRunDetails {
  return {
    $typeName: 'workflowgraph.v1.RunDetails',
    waitsForNeeds: counts.waiting,
    delayed: counts.delayed,
    waitsForPlace: counts.held,
    waitsForWorker: counts.queued,
    running: counts.running,
    success: counts.success,
    failure: counts.failure,
    skipped: counts.skipped,
    cancelled: counts.cancelled,
    retries,
    noMatchingWorker,
    firstFailedJob: firstFailure?.jobKey ?? '',
    firstError: firstFailure?.error ?? '',
    tolerated,
  };
}
