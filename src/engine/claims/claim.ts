import type { NeedResult } from '../../domain/condition/expression.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import type { Offer } from '../../domain/labels.js';
import type { Caller } from '../caller.js';

export interface ClaimedJob {
  readonly leaseId: string;
  readonly ttlSecs: number;
  /** How long the server waits for the report after it asked the worker to stop the job. */
  readonly stopGraceSecs: number;
  readonly grantedAtMs: number;
  readonly workerId: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly jobKey: string;
  readonly attempt: number;
  readonly enqueuedAtMs: number;
  readonly delayedUntilMs: number | null;
  /** The W3C trace context of the attempt; null when traces are off. */
  readonly traceparent: string | null;
  readonly inputs: ReadonlyMap<string, string>;
  readonly upstreamOutputs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The results of the job's needs, by key. */
  readonly needs: ReadonlyMap<string, EndedNeed>;
  readonly spec: JobSpec;
  /** Of a child: the key of its node, its index, and its values as JSON; null for any other. */
  readonly child: { readonly group: string; readonly index: number; readonly matrix: string } | null;
  /** Approximate size on the wire. */
  readonly bytes: number;
}

/** The result of a need. */
export interface EndedNeed {
  readonly result: NeedResult;
  /** Whether it failed and its failure counts as success. */
  readonly isTolerated: boolean;
  /** The beginning of its error, if it failed. */
  readonly error: string | null;
  /** The number of its last attempt, from 0. */
  readonly attempt: number;
  /** Duration of the attempt; null when there was none. */
  readonly durationMs: number | null;
}

/** One worker's claim. */
export interface Claim {
  readonly caller: Caller;
  readonly credential: string | null;
  readonly workerId: string;
  readonly offer: Offer;
  readonly leaseTtlSecs: number | null;
  readonly requestId: string | null;
  /** May grow while the claim is parked. */
  maxJobs: number;
  /** Set when the jobs are no longer wanted. From then on the claim is neither served nor parked. */
  isWithdrawn: boolean;
  /** Whether the jobs are pushed: an attempt counts only when the worker confirms that the job has arrived. */
  readonly pushed: boolean;
  /** Called once, after the commit, when a parked claim is served. Null: the claim does not wait. */
  readonly deliver: ((jobs: ClaimedJob[]) => void) | null;
}

/** How long a pushed job waits for its confirmation before it is requeued without costing an attempt. */
export const receivedWithinMs = 5_000;
