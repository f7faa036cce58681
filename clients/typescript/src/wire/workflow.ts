import type { Problem } from '../errors.js';
import type { Outputs } from './claim.js';

export type JobStatus = 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';

export type RunState = 'queued' | 'running' | 'success' | 'failure' | 'cancelled';

/** A job's definition and state in a run. Null is "not known yet". */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly status: JobStatus;
  readonly command: string;
  /** Whole seconds; older servers send fractions. */
  readonly duration_secs: number | null;
  readonly started_at: number | null;
  readonly depends_on: readonly string[];
  /** The error text of a job that failed. */
  readonly output: string | null;
  readonly required_labels: readonly string[];
  readonly max_retries: number;
  /** The number of the last attempt, from 0. */
  readonly attempt: number;
  /** Empty when there is none; null from older servers. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly if?: string | null;
  readonly timeout_secs?: number | null;
  readonly priority?: number;
  readonly outputs?: Outputs;
  /** Whether `output` is cut and `outputs` are left out, because the answer would be too large; `Client.job` has them. */
  readonly truncated?: boolean;
  readonly ended_at?: number | null;
  /** From start to end of the last attempt, in milliseconds. */
  readonly duration_ms?: number | null;
  readonly worker_id?: string | null;
  readonly delayed_until_ms?: number | null;
  /** How many bytes are missing in the middle of the last attempt's log, which was too long. */
  readonly log_missing_bytes?: number | null;
  /** That the worker of the last attempt reported; null when it reported none. */
  readonly exit_code?: number | null;
  /** Whether it failed, and that counts as success for its run and the jobs that need it. */
  readonly tolerated?: boolean;
  /** Whether it waits for a place in its concurrency group. */
  readonly held?: boolean;
  /** Whether a failure of it counts as success. */
  readonly continue_on_error?: boolean;
  /** Of a job with a matrix whose needs have ended: how its children stand. */
  readonly children?: Children | null;
}

/** How many children a job with a matrix has, and how they stand. */
export interface Children {
  readonly total: number;
  /** Those that have not ended. */
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** A workflow with the state of the requested run, or of its newest. */
export interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly trigger: string;
  readonly jobs: readonly Job[];
  /** The definition's id. */
  readonly workflow: string;
  /** The run that `jobs` shows; null before the first. */
  readonly run_id: string | null;
  readonly state: RunState | null;
  readonly version: number;
  readonly created_at_ms: number | null;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  /**
   * Set if the workflow's file could not be loaded: `jobs` has its last valid version, and is empty if there is none.
   * Servers before 0.2 do not send it.
   */
  readonly broken?: BrokenFile | null;
  /** The inputs of the run. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The name of the token that started the run; null if the server has no tokens. */
  readonly started_by?: string | null;
  /** From 1: each re-run adds one. Older servers do not send it. */
  readonly generation?: number;
  /** The run that it repeats, if it was started with a run id. */
  readonly rerun_of?: string | null;
  /** Whether the run waits for a place in its concurrency group. Older servers do not send it. */
  readonly held?: boolean;
  /** Whether the run was cancelled because it took longer than its timeout. Older servers do not send it. */
  readonly timed_out?: boolean;
  /** The name of its concurrency group; null without one. */
  readonly group?: string | null;
  /** The display name of the run, if the workflow's file has a `run-name`. */
  readonly run_name?: string | null;
  /** What started the run: `api` or `schedule`; empty before the first run. Absent from older servers. */
  readonly run_trigger?: string;
  /** The schedule that started the run, and its scheduled time in Unix milliseconds. */
  readonly schedule?: string | null;
  readonly scheduled_at_ms?: number | null;
}

/** A workflow file that the server could not load. */
export interface BrokenFile {
  /** Its name in the workflows directory. */
  readonly file: string;
  /** When this server first found it broken, in Unix milliseconds. */
  readonly since_ms: number;
  readonly problems: readonly Problem[];
}

/** An input that a workflow declares. What its type has no use for is null or empty. */
export interface InputDeclaration {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'number' | 'choice' | 'json';
  readonly description: string | null;
  readonly required: boolean;
  /** The value if a run is started without it; null without a default. */
  readonly default: string | null;
  /** The allowed values of a choice. */
  readonly options: readonly string[];
  readonly min: number | null;
  readonly max: number | null;
  readonly integer: boolean;
  readonly max_length: number | null;
  /** A default with expressions, as written; `default` is null then. Absent from older servers. */
  readonly default_expression?: string | null;
}

/** The inputs of a workflow's runs. */
export interface WorkflowInputs {
  /** The id of the workflow's definition. */
  readonly workflow: string;
  /** Whether the definition declares inputs. If not, a run accepts any inputs, as strings. */
  readonly declared: boolean;
  readonly inputs: readonly InputDeclaration[];
}
