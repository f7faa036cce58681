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

/** One thing that somebody did. */
export interface AuditEvent {
  readonly at_ms: number;
  /** Such as `token.created`, `workflow.changed`, `run.started`, `run.cancel_requested`. */
  readonly action: string;
  /** The id of the token, workflow or run that it was done to. */
  readonly subject: string;
  /** `api`, `command-line` or `workflows-folder`. */
  readonly source: string;
  /** The name of the token that it was done with; null where there was none. */
  readonly actor: string | null;
  readonly actor_id: string | null;
  /** More about it, as a JSON object; empty when there is no more. */
  readonly data_json: string;
}

export interface AuditPage {
  readonly events: readonly AuditEvent[];
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

/** What kind of reason it is; the field of the same name has its details. */
export type JobReasonCode =
  | 'needs_open'
  | 'being_decided'
  | 'delayed'
  | 'no_matching_worker'
  | 'waits_for_worker'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'retried'
  | 'condition_false'
  | 'needs_unsuccessful'
  | 'cancelled';

export type AttemptOutcomeName = 'success' | 'failure' | 'lease_expired' | 'timed_out' | 'cancelled';

/** One try of a job. */
export interface JobAttempt {
  /** From 0. */
  readonly attempt: number;
  readonly worker_id: string;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
  /** Null while it runs. */
  readonly outcome: AttemptOutcomeName | null;
  readonly error: string | null;
}

/** A job that another one needs. */
export interface JobNeed {
  readonly job_id: string;
  readonly status: JobStatus;
}

/** A reason for the state of a job. Of the details, the one that `code` names is set; the others are null. */
export interface JobReason {
  readonly code: JobReasonCode;
  /** A sentence for people. */
  readonly message: string;
  readonly needs_open: { readonly needs: readonly JobNeed[]; readonly open: number; readonly total: number } | null;
  readonly delayed: { readonly until_ms: number; readonly attempt: number; readonly error: string | null } | null;
  readonly no_matching_worker: {
    readonly required_labels: readonly string[];
    /** Those that no live worker has at all. */
    readonly unknown_labels: readonly string[];
    readonly live_workers: number;
    readonly nearest: readonly { readonly worker_id: string; readonly missing_labels: readonly string[] }[];
    readonly offline: readonly { readonly worker_id: string; readonly last_heartbeat_ms: number }[];
  } | null;
  readonly waits_for_worker: {
    readonly enqueued_at_ms: number;
    readonly matching_workers: number;
    readonly free_workers: number;
    /** Claimable jobs with the same labels that come before it. */
    readonly ahead: number;
    /** Whether there are more than `ahead`. */
    readonly more_ahead: boolean;
  } | null;
  readonly running: {
    readonly attempt: number;
    readonly worker_id: string;
    readonly since_ms: number;
    readonly lease_left_secs: number;
    readonly timeout_left_secs: number | null;
  } | null;
  readonly succeeded: { readonly attempt: number; readonly worker_id: string; readonly duration_secs: number } | null;
  readonly failed: {
    readonly attempt: number;
    readonly worker_id: string;
    readonly outcome: AttemptOutcomeName;
    readonly error: string | null;
    readonly retries_left: number;
  } | null;
  readonly retried: { readonly retries: number; readonly max_retries: number; readonly last: JobAttempt } | null;
  readonly condition_false: {
    readonly condition: string;
    /** `value_json` is JSON: `true`, `"success"`, `null`. */
    readonly values: readonly { readonly text: string; readonly value_json: string }[];
    readonly needs: readonly JobNeed[];
  } | null;
  readonly needs_unsuccessful: {
    readonly needs: readonly JobNeed[];
    readonly count: number;
    readonly origins: readonly JobNeed[];
  } | null;
  readonly cancelled: {
    readonly at_ms: number;
    readonly by: string | null;
    readonly stopped_attempt: number | null;
    readonly stopped_worker_id: string | null;
  } | null;
}

/** Why a job is in the state that it is in. */
export interface JobExplanation {
  readonly run_id: string;
  /** The definition's id. */
  readonly workflow: string;
  readonly job_id: string;
  readonly status: JobStatus;
  /** When the server looked. */
  readonly at_ms: number;
  /** The main reason first. */
  readonly reasons: readonly JobReason[];
  /** Oldest first; at most the newest hundred. */
  readonly attempts: readonly JobAttempt[];
}

/** A change of a run's or a job's state. */
export interface RunEvent {
  /** Grows with each event of the server. */
  readonly number: number;
  readonly at_ms: number;
  /** Such as `job.queued`, `job.running`, `job.success`, `run.failure`. */
  readonly type: string;
  readonly run_id: string;
  /** Empty for an event of the whole run. */
  readonly job_id: string;
  readonly attempt: number | null;
  /** More about it. */
  readonly data: Readonly<Record<string, unknown>>;
}
