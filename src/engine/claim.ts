import type { ClaimedJob } from './engine.js';

/** One worker's wish for jobs. */
export interface Claim {
  readonly credential: string | null;
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly labelsKey: string;
  readonly leaseTtlSecs: number | null;
  readonly requestId: string | null;
  /** May grow while the claim is parked. */
  maxJobs: number;
  /** Whether the jobs are pushed: an attempt counts only when the worker says that the job has arrived. */
  readonly pushed: boolean;
  /** Called once, after the commit, when the claim was parked and is served. Null: the claim does not wait. */
  readonly deliver: ((jobs: ClaimedJob[]) => void) | null;
}

/** How long a pushed job waits for the word that it has arrived, before it goes back to the queue uncounted. */
export const receivedWithinMs = 5_000;
