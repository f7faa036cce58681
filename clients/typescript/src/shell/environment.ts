import type { JobContext } from '../executor.js';
import type { ClaimedJob } from '../wire.js';

/** A larger value is left out: Linux takes 128 KiB for one variable. It is in the context file. */
const VALUE_BYTES_MAX = 64 * 1024;
/** So much for all upstream outputs and inputs together: Linux takes about 2 MiB for a whole environment. */
const DERIVED_BYTES_MAX = 512 * 1024;

/** What the worker keeps from its jobs. */
const WORKER_SECRETS: readonly string[] = ['WORKFLOW_GRAPH_TOKEN', 'WORKFLOW_GRAPH_TOKEN_FILE'];

export interface AttemptPlaces {
  /** Tells the job's processes from all others, wherever they go. */
  readonly attemptId: string;
  readonly outputsFile: string;
  readonly contextFile: string;
}

/**
 * The environment of a shell job. Later entries win: the worker's own environment without its secrets, upstream outputs
 * as `NEEDS_<JOB>_<KEY>`, inputs as `INPUT_<KEY>`, the definition's `env`, and the `WORKFLOW_GRAPH_*` names. In the
 * derived names letters are upper case and all but letters and digits are `_`.
 */
export function jobEnvironment(
  job: ClaimedJob,
  context: JobContext,
  places: AttemptPlaces,
  secrets: readonly string[],
): Record<string, string> {
  const environment = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !WORKER_SECRETS.includes(name) && !secrets.includes(value)) environment.set(name, value);
  }
  let bytesLeft = DERIVED_BYTES_MAX;
  for (const [name, value] of derivedVariables(context)) {
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

/** The content of the file that `WORKFLOW_GRAPH_CONTEXT` names. */
export function contextJson(job: ClaimedJob, context: JobContext): string {
  const content = {
    run_id: job.workflow_id,
    workflow: job.workflow,
    job_id: job.job_id,
    attempt: job.attempt,
    worker_id: context.workerId,
    inputs: context.inputs,
    upstream_outputs: context.upstreamOutputs,
    job,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function* derivedVariables(context: JobContext): Generator<[name: string, value: string]> {
  for (const [jobId, outputs] of Object.entries(context.upstreamOutputs)) {
    for (const [key, value] of Object.entries(outputs))
      yield [`NEEDS_${variableName(jobId)}_${variableName(key)}`, value];
  }
  for (const [key, value] of Object.entries(context.inputs)) yield [`INPUT_${variableName(key)}`, value];
}

function variableName(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
