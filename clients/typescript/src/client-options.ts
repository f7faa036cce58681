import type { JobStatus, LogChunk, RunState } from './wire.js';

export interface ClientOptions {
  /** `http://localhost:3000` when absent. Without a token, a user name and password in it are sent as credentials. */
  readonly serverUrl?: string;
  /** A bearer token, if the server requires one. */
  readonly token?: string;
  /** Certificates (PEM) of the trusted authorities for an `https://` server; those that Node.js trusts when absent. */
  readonly ca?: string;
  /** Timeout of one call; 30000 when absent. */
  readonly timeoutMs?: number;
}

export interface ListWorkflowsOptions {
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  readonly offset?: number;
  /** Only workflows with a job in this state. */
  readonly status?: JobStatus;
}

export interface ListRunsOptions {
  /** Only runs of this workflow. */
  readonly workflow?: string;
  readonly state?: RunState;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface ListAuditOptions {
  /** Only this action, such as `run.started`. */
  readonly action?: string;
  /** Only entries about the token, workflow or run with this id. */
  readonly subject?: string;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface ListSchedulesOptions {
  /** Only schedules of this workflow. */
  readonly workflow?: string;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface ListVersionsOptions {
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface BackfillOptions {
  /** The first time, and the time before which it ends, in Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How many of its runs may be unfinished at once; 1 when absent. */
  readonly maxLive?: number;
  /** Which times come first; the oldest when absent. */
  readonly order?: 'oldest' | 'newest';
  /** Whether times that have a run get another one. */
  readonly again?: boolean;
  /** Only counts the times, and those that would be skipped. */
  readonly dryRun?: boolean;
}

export interface VariableOptions {
  /** The workflow that the variable belongs to; the server when absent. */
  readonly workflow?: string;
}

export interface ListVariablesOptions {
  /** Only schedules of this workflow. */
  readonly workflow?: string;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface DrainOptions {
  /** Whether the worker should exit when it runs no job; false when absent. */
  readonly stop?: boolean;
  /** Why, for people; at most 500 characters. */
  readonly reason?: string;
}

export interface ListWorkersOptions {
  /** At most 1000; 1000 when absent. */
  readonly limit?: number;
  readonly offset?: number;
}

export interface RunOptions {
  /**
   * Passed to every job of the run: strings, or other JSON values, which are sent as JSON. If the workflow declares
   * inputs, the server checks them.
   */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Makes the call idempotent: the same id starts the same run. Random when absent. */
  readonly requestId?: string;
}

export interface CreateOptions {
  /** Makes the call idempotent: the same id creates one workflow. Random when absent. At least 16 characters. */
  readonly requestId?: string;
}

export interface CancelOptions {
  /** Also ends the jobs that would run after a cancel (`always()`, `cancelled()`); false when absent. */
  readonly force?: boolean;
  /**
   * Makes the call idempotent: the same id refers to the same run, even if the workflow has a newer one. Random when
   * absent. At least 16 characters.
   */
  readonly requestId?: string;
}

export interface ListGatesOptions {
  /** Only groups whose names start with this text. */
  readonly prefix?: string;
  /** At most 200; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface RerunOptions {
  /** Re-runs all failed and cancelled jobs. */
  readonly failed?: boolean;
  /** Re-runs these jobs, instead of `failed`. */
  readonly jobs?: readonly string[];
  /** Whether the jobs that need them run again too; true when absent. */
  readonly dependants?: boolean;
  /** Cancels running jobs that would run again, and waits until they have stopped. */
  readonly force?: boolean;
  /** Changes nothing, and returns what would happen. */
  readonly dryRun?: boolean;
  /** Makes the call idempotent: the same id starts one re-run. Random when absent. At least 16 characters. */
  readonly requestId?: string;
}

export interface LogOptions {
  /** Only this attempt. */
  readonly attempt?: number;
  /** At most this many chunks, up to 10000; all chunks when absent. */
  readonly limit?: number;
  /** Only the last stored lines. Ignored with `after`. */
  readonly tail?: number;
  /** Only chunks after this one: the last chunk of the previous page. */
  readonly after?: Pick<LogChunk, 'attempt' | 'sequence' | 'stream' | 'system_line'>;
}

export interface FollowOptions {
  /** Only this attempt. */
  readonly attempt?: number;
  /** Starts with the last stored lines. Ignored with `after`. */
  readonly tail?: number;
  /** Starts after this chunk. */
  readonly after?: LogOptions['after'];
  /** Stops following. */
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** The polling interval, in milliseconds; 500 when absent. */
  readonly intervalMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}
