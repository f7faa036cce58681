import type { Step } from './claim.js';
import type { JobAttempt } from './why.js';
import type { Job, JobStatus } from './workflow.js';

/** How far a step of a job is. Times are Unix milliseconds. */
export interface StepState {
  /** Queued before it begins; skipped when the attempt ended before that. */
  readonly status: JobStatus;
  /** By the worker's clock; null before it began, and when its line is not in the log any more. */
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
}

/** One job of a run. */
export interface JobDetails {
  readonly run_id: string;
  /** The definition's id. */
  readonly workflow: string;
  readonly version: number;
  readonly job: Job;
  readonly steps: readonly Step[];
  /** How far each of `steps` is in the newest attempt; empty before the first. Absent from older servers. */
  readonly step_states?: readonly StepState[];
  /** Oldest first; at most the newest hundred. */
  readonly attempts: readonly JobAttempt[];
  readonly attempts_total: number;
}
