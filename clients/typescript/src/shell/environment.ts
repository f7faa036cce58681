import type { JobContext } from '../executor.js';
import { recordOf } from '../records.js';
import type { ClaimedJob, Outputs } from '../wire.js';
import { passedVariables } from './passed-variables.js';

/** Larger values are omitted, because Linux accepts 128 KiB for one variable. They are in the context file. */
const VALUE_BYTES_MAX = 64 * 1024;
/** The limit for all upstream outputs and inputs together: Linux accepts about 2 MiB for a whole environment. */
const DERIVED_BYTES_MAX = 512 * 1024;

export interface AttemptPlaces {
  /** Identifies the job's processes, even outside its process group. */
  readonly attemptId: string;
  readonly outputsFile: string;
  readonly contextFile: string;
}

export interface PassedOn {
  /** Variables of this process that jobs get in addition to the standard ones. */
  readonly passEnv: readonly string[];
  /** Jobs do not get a variable of this process that contains one of these. */
  readonly secrets: readonly string[];
}

/**
 * The environment of a shell job. Later entries override earlier ones: a part of the worker's own environment, the
 * result of each need as `NEEDS_<JOB>_RESULT`, upstream outputs as `NEEDS_<JOB>_<KEY>`, inputs as `INPUT_<KEY>`, the
 * definition's `env`, and the `WORKFLOW_GRAPH_*` names. In the derived names ASCII letters are upper case, and every
 * character that is not an ASCII letter or digit becomes `_`.
 */
export function jobEnvironment(
  job: ClaimedJob,
  context: JobContext,
  places: AttemptPlaces,
  { passEnv, secrets }: PassedOn,
): Record<string, string> {
  const environment = passedVariables(passEnv, secrets);
  let bytesLeft = DERIVED_BYTES_MAX;
  for (const [name, value] of derivedVariables(job, context)) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > VALUE_BYTES_MAX || bytes > bytesLeft || value.includes('\0')) continue;
    bytesLeft -= bytes;
    environment.set(name, value);
  }
  for (const [name, value] of Object.entries(job.env)) {
    // `command` sets these too, so one that no environment can hold is not lost.
    if (/^[^=\0]+$/.test(name) && !value.includes('\0') && Buffer.byteLength(value) <= VALUE_BYTES_MAX) {
      environment.set(name, value);
    }
  }
  const own = {
    WORKFLOW_GRAPH: 'true',
    WORKFLOW_GRAPH_RUN_ID: job.workflow_id,
    WORKFLOW_GRAPH_WORKFLOW: job.workflow,
    WORKFLOW_GRAPH_JOB_ID: job.job_id,
    WORKFLOW_GRAPH_ATTEMPT: String(job.attempt),
    WORKFLOW_GRAPH_WORKER_ID: context.workerId,
    WORKFLOW_GRAPH_ATTEMPT_ID: places.attemptId,
    WORKFLOW_GRAPH_OUTPUT: places.outputsFile,
    WORKFLOW_GRAPH_CONTEXT: places.contextFile,
  };
  for (const [name, value] of Object.entries(own)) environment.set(name, value);
  return Object.fromEntries(environment);
}

/** The content of the file at `WORKFLOW_GRAPH_CONTEXT`. */
export function contextJson(job: ClaimedJob, context: JobContext): string {
  const content = {
    run_id: job.workflow_id,
    workflow: job.workflow,
    job_id: job.job_id,
    attempt: job.attempt,
    worker_id: context.workerId,
    inputs: context.inputs,
    upstream_outputs: context.upstreamOutputs,
    needs: recordOf(
      Object.entries(job.needs).map(([id, need]) => {
        return [id, { ...need, outputs: ownOutputs(context.upstreamOutputs, id) }] as const;
      }),
    ),
    job,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function ownOutputs(upstream: JobContext['upstreamOutputs'], id: string): Outputs {
  return Object.hasOwn(upstream, id) ? (upstream[id] ?? {}) : {};
}

/** If two have the same name, the later one wins, so an output named `result` keeps its variable. */
function* derivedVariables(job: ClaimedJob, context: JobContext): Generator<[name: string, value: string]> {
  for (const [jobId, { result }] of Object.entries(job.needs)) yield [`NEEDS_${variableName(jobId)}_RESULT`, result];
  for (const [jobId, outputs] of Object.entries(context.upstreamOutputs)) {
    for (const [key, value] of Object.entries(outputs))
      yield [`NEEDS_${variableName(jobId)}_${variableName(key)}`, value];
  }
  for (const [key, value] of Object.entries(context.inputs)) yield [`INPUT_${variableName(key)}`, value];
}

function variableName(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase()).replace(/[^A-Z0-9]/gu, '_');
}
