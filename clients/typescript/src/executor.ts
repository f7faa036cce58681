import type { ClaimedJob, Outputs } from './wire.js';

/**
 * Runs one attempt of a job and gives its outputs, or throws.
 *
 * A `PermanentError` fails the job at once. Any other error, `RetryableError` among them, is retryable: the server
 * tries again while the job's retry policy allows.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return has this type
export type Executor = (job: ClaimedJob, context: JobContext) => Promise<Outputs | undefined | void>;

/** What an executor is given beside the job. */
export interface JobContext {
  readonly workerId: string;
  /** The number of this attempt, from 0. */
  readonly attempt: number;
  /** The outputs of each job that this one needs, by job id. */
  readonly upstreamOutputs: Readonly<Record<string, Outputs>>;
  /** The inputs that the run was started with. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The job's log. */
  readonly log: LogWriter;
  /**
   * Aborted when the job has to end: it was cancelled, its lease was lost, its time is up, or the worker stops. The
   * signal's reason is an Error that says which. An executor that goes on for longer than the worker's grace is left behind:
   * its slot is given to another job, and what it returns is dropped.
   */
  readonly signal: AbortSignal;
}

/**
 * Takes a job's output. Each call resolves at once while the worker keeps up with the server, else when there is room
 * again: await it in a loop that writes much, so that memory stays bounded.
 */
export interface LogWriter {
  stdout(text: string): Promise<void>;
  stderr(text: string): Promise<void>;
  /** Whether there is no room now. */
  readonly isFull: boolean;
}
