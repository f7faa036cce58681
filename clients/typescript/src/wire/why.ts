import type { RunAtGate } from './gate.js';
import type { Pause } from './pause.js';
import type { JobStatus } from './workflow.js';

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
  | 'cancelled'
  | 'needs_stopping'
  | 'expression_failed'
  | 'queue_timed_out'
  | 'rerun'
  | 'held_by_group'
  | 'held_by_max_parallel'
  | 'paused'
  | 'superseded'
  | 'tolerated'
  | 'children_open'
  | 'children_ended';

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
  /** How many bytes are missing in the middle of its log, which was too long. */
  readonly log_missing_bytes?: number | null;
  /** That its worker reported; null when it reported none. */
  readonly exit_code?: number | null;
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
    /** Absent from older servers. */
    readonly draining?: readonly {
      readonly worker_id: string;
      readonly since_ms: number;
      readonly by: string | null;
      readonly reason: string;
    }[];
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
  /** The cancelled jobs that it waits for and that have not stopped, at most a hundred; absent from older servers. */
  readonly needs_stopping?: { readonly needs: readonly JobNeed[] } | null;
  /** Where its run stands that waits for a place in its concurrency group; absent from older servers. */
  readonly held_by_group?: {
    readonly group: string;
    readonly max: number;
    readonly in_use: number;
    readonly since_ms: number;
    /** Runs that wait before it. */
    readonly before: number;
    readonly holders: readonly RunAtGate[];
    /** Whether it is a group of jobs, and the job itself waits. */
    readonly of_jobs: boolean;
  } | null;
  /** Its position among the children of its job that wait for `max-parallel`; absent from older servers. */
  readonly held_by_max_parallel?: {
    readonly job_id: string;
    readonly max: number;
    readonly in_use: number;
    readonly since_ms: number;
    /** Children that wait before it. */
    readonly before: number;
  } | null;
  /** The pause of its workflow, its run or a label that it requires; absent from older servers. */
  readonly paused?: Pause | null;
  /** The newer run of the group that its run made way for; absent from older servers. */
  readonly superseded?: { readonly at_ms: number; readonly by_run_id: string } | null;
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
