import type { ClaimedJob, Outputs } from './wire.js';

/**
 * Runs one attempt of a job and returns its outputs, or throws.
 *
 * A `PermanentError` fails the job at once. Any other error, including `RetryableError`, is retryable: the server
 * retries the job while its retry policy allows.
 */
export interface Executor {
  // biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return has this type
  (job: ClaimedJob, context: JobContext): Promise<Outputs | undefined | void>;
  /** Features of the executor: labels that its worker offers in addition to its own. */
  readonly features?: readonly Feature[];
}

/**
 * Labels that the server requires of a worker for keys of a job that need its help.
 *
 * `feature:exit-codes`: a command that failed is reported by a `RetryableError` or `PermanentError` with its exit code.
 * `feature:workspace`: a job that requires this label runs in an empty directory of its own, which is deleted afterwards.
 */
export type Feature = 'feature:exit-codes' | 'feature:workspace';

/** What an executor gets in addition to the job. */
export interface JobContext {
  readonly workerId: string;
  /** The number of this attempt, from 0. */
  readonly attempt: number;
  /** The outputs of each job that this one needs, by job id. */
  readonly upstreamOutputs: Readonly<Record<string, Outputs>>;
  /** The inputs of the run. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The job's log. */
  readonly log: LogWriter;
  /**
   * Aborted when the job must stop: it was cancelled, its lease was lost, its timeout passed, or the worker stops. The
   * signal's reason is an Error with the cause. An executor that does not return within the worker's grace period is
   * abandoned: its slot is reused, and its result is discarded.
   */
  readonly signal: AbortSignal;
  /**
   * The time between the signal and killing the processes, in milliseconds. It is shorter than the worker's grace
   * period if the server does not wait that long.
   */
  readonly graceMs: number;
}

/**
 * Writes a job's output. A call resolves at once while there is room in the buffer, and otherwise when there is room
 * again: await it in a loop with much output, so that memory stays bounded.
 */
export interface LogWriter {
  stdout(text: string): Promise<void>;
  stderr(text: string): Promise<void>;
  /** Whether the buffer is full. */
  readonly isFull: boolean;
}
