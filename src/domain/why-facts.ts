import type { ConditionContext } from './condition/decide-condition.js';
import type { RunValues } from './condition/evaluate.js';
import type { Condition } from './condition/expression.js';
import type { PauseKind } from './gates/pause.js';
import type { AttemptOutcome, Stop } from './lease.js';
import type { RetryRule } from './retry.js';
import type { JobState } from './states.js';
import type { Variables } from './variables.js';

/** A need of the explained job. */
export interface NeedFact {
  readonly jobKey: string;
  readonly state: JobState;
  /** Whether it failed and its failure counts as success. */
  readonly isTolerated: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  /** Whether it was cancelled, and its attempt or one of its needs has not stopped yet. */
  readonly isHeld: boolean;
}

export interface AttemptFact {
  readonly number: number;
  readonly workerId: string;
  readonly claimedAtMs: number;
  readonly endedAtMs: number | null;
  /** Null while it runs. */
  readonly outcome: AttemptOutcome | null;
  readonly error: string | null;
  /** The exit code that its worker reported; null when it reported none. */
  readonly exitCode: number | null;
  readonly expiresAtMs: number;
  readonly timeoutAtMs: number | null;
  /** Bytes missing in the middle of its log; null when none are. */
  readonly logMissingBytes: number | null;
  /** Bytes of its log that are stored. */
  readonly logBytes: number;
  /** Why its worker must stop it, and until when the server waits for the report; null when it need not. */
  readonly stop: Stop | null;
}

export interface WorkerFact {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  /** Whether it sent a recent sign of life. */
  readonly isLive: boolean;
  readonly isFree: boolean;
  readonly freeSlots: number;
  readonly seenAtMs: number;
  /** Null unless it is draining: it gets no job. */
  readonly drain: DrainFact | null;
}

/** The drain of a worker. */
export interface DrainFact {
  readonly sinceMs: number;
  /** The name of the token; null when there was none. */
  readonly by: string | null;
  /** Why, for people; may be empty. */
  readonly reason: string;
}

/** How the children of a job with a matrix stand. */
export interface ChildrenFact {
  readonly total: number;
  /** Those that have not ended. */
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** A child that failed. */
export interface FailedChildFact {
  readonly jobKey: string;
  /** Such as `test (mac, 2)`. */
  readonly name: string;
  readonly error: string | null;
}

/** The request to cancel a run. */
export interface CancelFact {
  readonly atMs: number;
  readonly by: string | null;
  /** The id of the newer run of its group that replaced it; null for a requested cancel. */
  readonly supersededBy: string | null;
  /** Whether the run was cancelled because it took longer than its timeout. */
  readonly isTimeout: boolean;
}

/** A run or a job that waits for a place in its group. */
/** The place in a concurrency group for which a run or a job waits. */
export interface GroupFact {
  readonly code: 'held_by_group';
  readonly ofJobs: boolean;
  readonly group: string;
  /** Places of the group according to this run. */
  readonly max: number;
  readonly inUse: number;
  readonly sinceMs: number;
  /** Number of runs that wait before it. */
  readonly before: number;
  /** The runs or jobs that have a place, the oldest first; at most {@link namedHolders}. */
  readonly holders: readonly HolderFact[];
}

/** The place among the children of its node for which a child waits. */
export interface ParallelFact {
  readonly code: 'held_by_max_parallel';
  readonly jobKey: string;
  readonly max: number;
  /** Children that are claimable or running. */
  readonly inUse: number;
  readonly sinceMs: number;
  /** Number of children that wait before it. */
  readonly before: number;
}

/** The pause that keeps a job or a run from going on. */
export interface PausedFact {
  readonly code: 'paused';
  readonly kind: PauseKind;
  /** The id of the workflow or run, or the label. */
  readonly subject: string;
  readonly reason: string;
  readonly sinceMs: number;
  /** The name of the token; null when there was none. */
  readonly by: string | null;
}

/** What holds a job or a run. */
export type HeldFact = GroupFact | ParallelFact | PausedFact;

export interface HolderFact {
  readonly runId: string;
  readonly workflowId: string;
  /** Null in a group of runs. */
  readonly jobKey: string | null;
  readonly sinceMs: number;
}

/** Holders of places that are named. */
export const namedHolders = 10;

/** All facts that the state of one job follows from. */
export interface WhyFacts {
  readonly nowMs: number;
  readonly job: {
    readonly state: JobState;
    readonly attempt: number;
    readonly conditional: number;
    readonly enqueuedAtMs: number | null;
    readonly delayedUntilMs: number | null;
    readonly endedAtMs: number | null;
    readonly maxRetries: number;
    /** Causes that a retry may follow; null for any. */
    readonly retryOn: readonly RetryRule[] | null;
    /** Why the job failed, if it did. */
    readonly error: string | null;
    /** Whether it failed and its failure counts as success. */
    readonly isTolerated: boolean;
    /** The first attempt of its generation: retries count from it. */
    readonly budgetFrom: number;
    readonly requiredLabels: readonly string[];
    /** Of a job with a matrix that has opened; null for any other. */
    readonly children: ChildrenFact | null;
    /** The first of its children that failed. */
    readonly failedChild: FailedChildFact | null;
  };
  readonly condition: Condition | null;
  readonly inputs: ConditionContext['inputs'];
  readonly run: RunValues;
  /** The server variables that are stored with its run. */
  readonly vars: Variables;
  /** The request to cancel its run, if there is one. `by` names a token; null without tokens. */
  readonly cancel: CancelFact | null;
  /** The position of the job or its run in its group; null when neither waits there. */
  readonly heldAt: HeldFact | null;
  readonly needs: readonly NeedFact[];
  /** The re-run that it runs again in; null when it was never re-run. */
  readonly rerun: { readonly generation: number; readonly atMs: number; readonly by: string | null } | null;
  /** Jobs further up that failed or were skipped by their own `if` and caused the needs to be skipped. */
  readonly origins: readonly { readonly jobKey: string; readonly state: JobState }[];
  /** Oldest first. */
  readonly attempts: readonly AttemptFact[];
  /** Read only when the job is claimable. */
  readonly workers: readonly WorkerFact[];
  /** The pause of a label that it requires; null when none is paused. */
  readonly pausedLabel: PausedFact | null;
  /** Claimable jobs with the same labels before it, counted up to a bound; null when it is not claimable. */
  readonly ahead: { readonly count: number; readonly isBound: boolean } | null;
}
