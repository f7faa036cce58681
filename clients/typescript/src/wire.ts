/**
 * What the server and its clients say to each other, as JSON on the documented paths. Names are those of the wire
 * (snake_case) and values are kept as they came, so a field that a newer server adds is there too. Times are Unix
 * milliseconds of the server's clock.
 */

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
  readonly delayed_until_ms: number | null;
  /** The id of the workflow's definition. */
  readonly workflow: string;
  /** The job's display name. */
  readonly name: string;
  /** The attempt may take this many seconds; null is without limit. */
  readonly timeout_secs: number | null;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** The inputs that the run was started with. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly metadata: Readonly<Record<string, unknown>>;
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
}

/** A job and the right to report on it. */
export interface Claim {
  readonly job: ClaimedJob;
  readonly lease: Lease;
}

export type LogStreamName = 'stdout' | 'stderr';

/** A piece of a job's output. */
export interface LogChunk {
  /** The id of the run. */
  readonly workflow_id: string;
  readonly job_id: string;
  /** Orders the chunks of one attempt over both streams, from 0. */
  readonly sequence: number;
  readonly data: string;
  /** The worker's clock. */
  readonly timestamp_ms: number;
  readonly stream: LogStreamName;
  /** The attempt that wrote it; set by the server. */
  readonly attempt?: number;
}

export type JobStatus = 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';
export type RunState = 'queued' | 'running' | 'success' | 'failure' | 'cancelled';

/** A job's definition and state in a run. Null is "not known yet". */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly status: JobStatus;
  readonly command: string;
  readonly duration_secs: number | null;
  readonly started_at: number | null;
  readonly depends_on: readonly string[];
  /** The error text of a job that failed. */
  readonly output: string | null;
  readonly required_labels: readonly string[];
  readonly max_retries: number;
  /** The number of the last attempt, from 0. */
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly if?: string | null;
  readonly timeout_secs?: number | null;
  readonly priority?: number;
  readonly outputs?: Outputs;
  readonly ended_at?: number | null;
  readonly worker_id?: string | null;
  readonly delayed_until_ms?: number | null;
}

/** A workflow with the state of a run: the one that was asked for, else its newest. */
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
}

/** One execution of a workflow. */
export interface Run {
  readonly run_id: string;
  readonly workflow: string;
  readonly name: string;
  readonly state: RunState;
  readonly version: number;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly jobs: number;
  /** How many of its jobs have not ended. */
  readonly open_jobs: number;
  readonly inputs: Readonly<Record<string, string>>;
}

export interface RunPage {
  readonly runs: readonly Run[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}

/** A worker as the server sees it. */
export interface WorkerInfo {
  readonly worker_id: string;
  readonly labels: readonly string[];
  readonly registered_at_ms: number;
  readonly last_heartbeat_ms: number;
  readonly current_job: string | null;
  readonly status: 'idle' | 'busy' | 'offline';
  readonly current_workflow_id?: string | null;
  readonly running?: number;
  readonly slots?: number;
  readonly version?: string;
}
