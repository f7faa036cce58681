import type { ExplainedValue } from './condition/decide-condition.js';
import type { AttemptOutcome } from './lease.js';
import type { RetryRule } from './retry.js';
import type { AttemptFact, ChildrenFact, DrainFact, FailedChildFact, HeldFact, NeedFact } from './why-facts.js';

export type NeedState = Pick<NeedFact, 'jobKey' | 'state'>;

/** A worker that lacks labels. */
export interface NearWorker {
  readonly workerId: string;
  readonly missing: readonly string[];
}

/** A worker that matches and is draining. */
export interface DrainingWorker extends DrainFact {
  readonly workerId: string;
}

/** Why a job is in its state. */
export type WhyReason =
  | { readonly code: 'needs_open'; readonly needs: readonly NeedState[]; readonly open: number; readonly total: number }
  | { readonly code: 'being_decided' }
  | HeldFact
  | { readonly code: 'needs_stopping'; readonly needs: readonly NeedState[] }
  | {
      readonly code: 'delayed';
      readonly untilMs: number;
      readonly attempt: number;
      readonly error: string | null;
    }
  | {
      readonly code: 'no_matching_worker';
      readonly requiredLabels: readonly string[];
      /** Labels that no live worker has. */
      readonly unknownLabels: readonly string[];
      readonly liveWorkers: number;
      readonly nearest: readonly NearWorker[];
      /** Live workers that do not take the job only because it requires no label. */
      readonly onlyLabelledWorkers: number;
      /** Live workers that match and are draining. */
      readonly draining: readonly DrainingWorker[];
      /** Workers that have the labels and are offline. */
      readonly offline: readonly { readonly workerId: string; readonly seenAtMs: number }[];
    }
  | {
      readonly code: 'waits_for_worker';
      readonly enqueuedAtMs: number;
      readonly matchingWorkers: number;
      readonly freeWorkers: number;
      readonly ahead: number;
      /** Whether there are more than `ahead`. */
      readonly aheadIsBound: boolean;
    }
  | {
      readonly code: 'running';
      readonly attempt: number;
      readonly workerId: string;
      readonly sinceMs: number;
      readonly leaseLeftMs: number;
      readonly timeoutLeftMs: number | null;
      /** Time until it ends without its worker's report after a timeout; null while it has not timed out. */
      readonly stopLeftMs: number | null;
    }
  | { readonly code: 'succeeded'; readonly attempt: number; readonly workerId: string; readonly durationMs: number }
  | {
      readonly code: 'failed';
      readonly attempt: number;
      readonly workerId: string;
      readonly outcome: AttemptOutcome;
      readonly error: string | null;
      /** Retries that were made. */
      readonly retries: number;
      readonly retriesLeft: number;
      /** The only causes that a retry may follow, if they prevented one; otherwise null. */
      readonly retryOn: readonly RetryRule[] | null;
    }
  | ({
      readonly code: 'children_open' | 'children_ended';
      /** The first child that failed. */
      readonly failedChild: FailedChildFact | null;
    } & ChildrenFact)
  | { readonly code: 'expression_failed'; readonly error: string }
  | { readonly code: 'queue_timed_out'; readonly error: string }
  | { readonly code: 'tolerated' }
  | { readonly code: 'retried'; readonly retries: number; readonly maxRetries: number; readonly last: AttemptFact }
  | {
      readonly code: 'condition_false';
      readonly condition: string;
      readonly values: readonly ExplainedValue[];
      readonly needs: readonly NeedState[];
    }
  | {
      readonly code: 'needs_unsuccessful';
      readonly needs: readonly NeedState[];
      readonly count: number;
      readonly origins: readonly NeedState[];
    }
  | {
      readonly code: 'cancelled';
      readonly atMs: number;
      readonly by: string | null;
      /** Whether its run took longer than its timeout. */
      readonly isRunTimeout: boolean;
      /** The attempt that was stopped by it; null when none ran. `leftMs`: until it ends without its worker's report. */
      readonly stopped: { readonly attempt: number; readonly workerId: string; readonly leftMs: number | null } | null;
      /** Whether it made way for a re-run of one of its needs, and its run was not cancelled. */
      readonly forRerun: boolean;
    }
  | { readonly code: 'superseded'; readonly atMs: number; readonly byRunId: string }
  | { readonly code: 'rerun'; readonly generation: number; readonly atMs: number; readonly by: string | null };
