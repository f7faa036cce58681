import type { RunState } from './workflow.js';

/** A run that was started. */
export interface StartedRun {
  readonly run_id: string;
  /** What the caller should know of this run, such as that an older version runs because the workflow's file is broken. */
  readonly warning: string | null;
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
  /** The name of the token that it was started with; null when there was none. */
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
  /** Its display name, when the workflow's file has a `run-name`. */
  readonly run_name?: string | null;
  /** What started it: `api` or `schedule`. Absent from older servers. */
  readonly trigger?: string;
  /** The schedule that started it, and the time that it was scheduled for, in Unix milliseconds. */
  readonly schedule?: string | null;
  readonly scheduled_at_ms?: number | null;
}

export interface RunPage {
  readonly runs: readonly Run[];
  /** Empty on the last page. */
  readonly next_page_token: string;
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

/** A job, and why it runs again, stays or is skipped. */
export interface RerunJob {
  readonly job_id: string;
  /** A part of a sentence for people. */
  readonly reason: string;
}

/** What a re-run does, or would do. Lists hold the first thousand. */
export interface RerunAnswer {
  readonly run_id: string;
  /** The generation of the run that begins with it. */
  readonly generation: number;
  /** The jobs that run again. */
  readonly jobs: readonly RerunJob[];
  readonly job_count: number;
  /** Of a dry run: the jobs that stay as they are. */
  readonly kept: readonly RerunJob[];
  readonly kept_count: number;
  /** Of a dry run: jobs that wait again, but are certain to be skipped. */
  readonly skipped: readonly RerunJob[];
  readonly skipped_count: number;
}
