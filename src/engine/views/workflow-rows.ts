import type { JobExpressions } from '../../domain/definition/job-expressions.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import { pausePrefix } from '../../domain/gates/pause.js';
import { nameOfRunGroup } from '../../domain/gates/run-group.js';
import { childKey } from '../../domain/matrix/child.js';
import type { JobStatus, RunTrigger } from '../../domain/states.js';
import { jobStatus, type RunState } from '../../domain/states.js';
import type { ChildrenFact } from '../../domain/why-facts.js';
import type { JobViewRow, RunViewRow } from '../../store/statements/views.js';
import { gapOf } from '../leases/trim-log.js';
import type { BrokenFile } from '../memory/broken-files.js';
import type { LabelSets } from '../memory/label-sets.js';
import type { ResultSizes, ShownResult } from './job-results.js';

export interface JobView {
  readonly key: string;
  readonly spec: JobSpec;
  readonly status: JobStatus;
  /** Whether it failed and its failure counts as success for its run and its dependents. */
  readonly isTolerated: boolean;
  /** Whether it waits for a place in its group. */
  readonly isHeld: boolean;
  readonly attempt: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly delayedUntilMs: number | null;
  readonly workerId: string | null;
  /** Bytes missing in the middle of the last attempt's log; null when none are. */
  readonly logMissingBytes: number | null;
  /** That the worker of the last attempt reported; null when it reported none. */
  readonly exitCode: number | null;
  /** The error text of a failed job. */
  readonly error: string | null;
  readonly outputs: ReadonlyMap<string, string>;
  /** Of a job with a matrix that has opened: how its children stand; null for any other. */
  readonly children: ChildrenFact | null;
  /** Whether `error` is cut and `outputs` left out, because the answer would be too large. */
  readonly truncated: boolean;
}

export interface WorkflowView {
  /** Set when the workflow's file cannot be loaded; then the last good version, if there is one, is shown. */
  readonly broken?: BrokenFile;
  /** The id in the request. */
  readonly id: string;
  readonly workflowId: string;
  readonly name: string;
  readonly trigger: string;
  readonly version: number;
  readonly run: RunView | null;
  readonly jobs: readonly JobView[];
}

export interface RunView {
  readonly runId: string;
  readonly workflowId: string;
  readonly name: string;
  readonly state: RunState;
  readonly version: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly jobs: number;
  readonly openJobs: number;
  readonly inputs: ReadonlyMap<string, string>;
  /** The name of the token that started it; null when there was none. */
  readonly startedBy: string | null;
  /** From 1; each re-run of its jobs adds one. */
  readonly generation: number;
  /** The run that it repeats; null when there is none. */
  readonly rerunOf: string | null;
  /** Whether it waits for a place in its group. */
  readonly held: boolean;
  /** The name of its group; null when there is none. */
  readonly group: string | null;
  /** Its evaluated `run-name`; null when its workflow has none. */
  readonly runName: string | null;
  /** What started it. */
  readonly trigger: RunTrigger;
  /** The schedule that started it, and the scheduled time; null for other runs. */
  readonly schedule: string | null;
  readonly scheduledAtMs: number | null;
  /** Whether it was cancelled because it took longer than its timeout. */
  readonly timedOut: boolean;
}

/** Jobs that are read and converted before the event loop gets a turn. */
export const jobsPerPage = 1_000;

/** A definition, as its view needs it. */
export interface DefinitionRow {
  readonly id: string;
  readonly name: string;
  readonly trigger: string;
  readonly number: number;
  readonly version: number;
}

const notRun = {
  state: 'waiting',
  attempt: 0,
  started_at_ms: null,
  ended_at_ms: null,
  delayed_until_ms: null,
  label_set: 0,
  priority: 0,
  name: null,
  tolerated: 0,
  idx: null,
  worker_id: null,
  log_gap: null,
  exit_code: null,
} as const;

const noResult: ShownResult = { error: null, outputs: null, truncated: false };

/** What a view needs of a job besides its error text and outputs. */
type JobRow = Omit<JobViewRow, keyof ResultSizes>;

export function toJobView(
  row: JobRow,
  { error, outputs, truncated }: ShownResult,
  labelSets: Pick<LabelSets, 'labelsOf'>,
  children: ChildrenFact | null = null,
): JobView {
  return {
    key: row.idx === null ? row.key : childKey(row.key, row.idx),
    spec: specShown(JSON.parse(row.spec) as JobSpec, row, labelSets),
    status: jobStatus(row.state),
    isTolerated: row.tolerated === 1,
    isHeld: row.state === 'held',
    attempt: row.attempt,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    delayedUntilMs: row.state === 'delayed' ? row.delayed_until_ms : null,
    workerId: row.worker_id,
    logMissingBytes: gapOf(row)?.bytes ?? null,
    exitCode: row.exit_code,
    error,
    outputs: outputs === null ? new Map() : new Map(Object.entries(JSON.parse(outputs))),
    children,
    truncated,
  };
}

/** With the values of expressions once they are evaluated; until then labels appear as they were written. */
function specShown(spec: JobSpec, row: JobRow, labelSets: Pick<LabelSets, 'labelsOf'>): JobSpec {
  const { expressions } = spec;
  if (expressions === undefined) return spec;
  // A name alone: it was cancelled before it was decided.
  if (row.idx !== null && row.label_set === 0) return { ...spec, name: row.name ?? spec.name };
  if (row.name === null) return { ...spec, labels: [...spec.labels, ...labelTexts(expressions)] };
  return { ...spec, name: row.name, labels: labelSets.labelsOf(row.label_set), priority: row.priority };
}

function labelTexts({ labels }: JobExpressions): readonly string[] {
  if (labels === null) return [];
  return typeof labels === 'string' ? [labels] : labels.map(([, text]) => text);
}

/** A job of a workflow that has not run. */
export function toUnrunJobView(row: Pick<JobViewRow, 'ord' | 'key' | 'spec'>): JobView {
  return toJobView({ ...row, ...notRun }, noResult, { labelsOf: () => [] });
}

export function toRunView(row: RunViewRow): RunView {
  return {
    runId: row.id,
    workflowId: row.workflow_id,
    name: row.name,
    state: row.state as RunState,
    version: row.number,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    jobs: row.job_count,
    openJobs: row.open,
    inputs: new Map(Object.entries(JSON.parse(row.inputs))),
    startedBy: row.started_by,
    generation: row.generation,
    rerunOf: row.rerun_of,
    held: row.held === 1,
    group: row.gate_key === null || row.gate_key.startsWith(pausePrefix) ? null : nameOfRunGroup(row.gate_key),
    runName: row.run_name,
    trigger: row.run_trigger,
    schedule: row.schedule,
    scheduledAtMs: row.scheduled_at_ms,
    timedOut: row.timed_out === 1,
  };
}
