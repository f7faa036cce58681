import { type ConditionContext, type ExplainedValue, explainCondition } from './condition/decide-condition.js';
import type { Condition, NeedResult } from './condition/expression.js';
import type { AttemptOutcome } from './lease.js';
import { conditionKind } from './settle.js';
import { hasEnded, type JobState } from './states.js';

/** How many workers, needs or origins a reason names; more are counted. */
const namedMax = { workers: 3, needs: 100, origins: 10 } as const;

/** A job that the explained one needs. */
export interface NeedFact {
  readonly jobKey: string;
  readonly state: JobState;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface AttemptFact {
  readonly number: number;
  readonly workerId: string;
  readonly claimedAtMs: number;
  readonly endedAtMs: number | null;
  /** Null while it runs. */
  readonly outcome: AttemptOutcome | null;
  readonly error: string | null;
  readonly expiresAtMs: number;
  readonly timeoutAtMs: number | null;
}

export interface WorkerFact {
  readonly workerId: string;
  readonly labels: readonly string[];
  /** Whether it was heard of lately. */
  readonly isLive: boolean;
  readonly isFree: boolean;
  readonly seenAtMs: number;
}

/** Everything that the state of one job follows from. */
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
    readonly requiredLabels: readonly string[];
  };
  readonly condition: Condition | null;
  readonly inputs: ConditionContext['inputs'];
  /** The request to cancel its run, when there is one. `by` names a token; null: the server runs without. */
  readonly cancel: { readonly atMs: number; readonly by: string | null } | null;
  readonly needs: readonly NeedFact[];
  /** Jobs further up that failed or were skipped by their own `if`, and by which the needs were skipped in turn. */
  readonly origins: readonly { readonly jobKey: string; readonly state: JobState }[];
  /** Oldest first. */
  readonly attempts: readonly AttemptFact[];
  /** Asked for only when the job is claimable. */
  readonly workers: readonly WorkerFact[];
  /** How many claimable jobs of the same labels come before it, counted up to a bound; null when it is not claimable. */
  readonly ahead: { readonly count: number; readonly isBound: boolean } | null;
}

export type NeedState = Pick<NeedFact, 'jobKey' | 'state'>;

/** A worker that lacks labels. */
export interface NearWorker {
  readonly workerId: string;
  readonly missing: readonly string[];
}

/** Why a job is in the state that it is in. */
export type WhyReason =
  | { readonly code: 'needs_open'; readonly needs: readonly NeedState[]; readonly open: number; readonly total: number }
  | { readonly code: 'being_decided' }
  | {
      readonly code: 'delayed';
      readonly untilMs: number;
      readonly attempt: number;
      readonly error: string | null;
    }
  | {
      readonly code: 'no_matching_worker';
      readonly requiredLabels: readonly string[];
      /** Labels that no live worker has at all. */
      readonly unknownLabels: readonly string[];
      readonly liveWorkers: number;
      readonly nearest: readonly NearWorker[];
      /** Workers that have the labels and are not heard of. */
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
    }
  | { readonly code: 'succeeded'; readonly attempt: number; readonly workerId: string; readonly durationMs: number }
  | {
      readonly code: 'failed';
      readonly attempt: number;
      readonly workerId: string;
      readonly outcome: AttemptOutcome;
      readonly error: string | null;
      readonly retriesLeft: number;
    }
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
      /** The attempt that was stopped by it; null when none ran. */
      readonly stopped: { readonly attempt: number; readonly workerId: string } | null;
    };

/** Why the job is as it is, the main reason first. There is at least one. */
export function explainJob(facts: WhyFacts): WhyReason[] {
  const main = mainReason(facts);
  const retried = retriedReason(facts);
  return retried === null ? [main] : [main, retried];
}

function mainReason(facts: WhyFacts): WhyReason {
  const { job } = facts;
  const last = facts.attempts.at(-1) ?? null;
  switch (job.state) {
    case 'waiting':
      return waitingReason(facts);
    case 'delayed':
      return {
        code: 'delayed',
        untilMs: job.delayedUntilMs ?? facts.nowMs,
        attempt: last?.number ?? job.attempt,
        error: last?.error ?? null,
      };
    case 'queued':
      return queuedReason(facts);
    case 'running':
      return {
        code: 'running',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        sinceMs: last?.claimedAtMs ?? facts.nowMs,
        leaseLeftMs: Math.max(0, (last?.expiresAtMs ?? 0) - facts.nowMs),
        timeoutLeftMs: last?.timeoutAtMs == null ? null : Math.max(0, last.timeoutAtMs - facts.nowMs),
      };
    case 'success':
      return {
        code: 'succeeded',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        durationMs: (last?.endedAtMs ?? 0) - (last?.claimedAtMs ?? 0),
      };
    case 'failure':
      return {
        code: 'failed',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        outcome: last?.outcome ?? 'failure',
        error: last?.error ?? null,
        retriesLeft: Math.max(0, job.maxRetries - job.attempt),
      };
    case 'skipped':
      return skippedReason(facts);
    case 'cancelled':
      return {
        code: 'cancelled',
        atMs: facts.cancel?.atMs ?? job.endedAtMs ?? facts.nowMs,
        by: facts.cancel?.by ?? null,
        stopped: last?.outcome === 'cancelled' ? { attempt: last.number, workerId: last.workerId } : null,
      };
  }
}

function waitingReason({ needs }: WhyFacts): WhyReason {
  const open = needs.filter((need) => !hasEnded(need.state));
  if (open.length === 0) return { code: 'being_decided' };
  return { code: 'needs_open', needs: named(open), open: open.length, total: needs.length };
}

function queuedReason({ nowMs, job, workers, ahead }: WhyFacts): WhyReason {
  const live = workers.filter((worker) => worker.isLive);
  const matching = live.filter((worker) => missingLabels(job.requiredLabels, worker).length === 0);
  if (matching.length > 0) {
    return {
      code: 'waits_for_worker',
      enqueuedAtMs: job.enqueuedAtMs ?? nowMs,
      matchingWorkers: matching.length,
      freeWorkers: matching.filter((worker) => worker.isFree).length,
      ahead: ahead?.count ?? 0,
      aheadIsBound: ahead?.isBound ?? false,
    };
  }
  const offered = new Set(live.flatMap((worker) => worker.labels));
  return {
    code: 'no_matching_worker',
    requiredLabels: job.requiredLabels,
    unknownLabels: job.requiredLabels.filter((label) => !offered.has(label)),
    liveWorkers: live.length,
    nearest: nearestWorkers(job.requiredLabels, live),
    offline: workers
      .filter((worker) => !worker.isLive && missingLabels(job.requiredLabels, worker).length === 0)
      .sort((a, b) => b.seenAtMs - a.seenAtMs)
      .slice(0, namedMax.workers)
      .map(({ workerId, seenAtMs }) => ({ workerId, seenAtMs })),
  };
}

/** The live workers that lack the fewest labels, of those that have at least one of them. */
function nearestWorkers(required: readonly string[], live: readonly WorkerFact[]): NearWorker[] {
  return live
    .map((worker) => ({ workerId: worker.workerId, missing: missingLabels(required, worker) }))
    .filter(({ missing }) => missing.length < required.length || required.length === 1)
    .sort((a, b) => a.missing.length - b.missing.length || (a.workerId < b.workerId ? -1 : 1))
    .slice(0, namedMax.workers);
}

function missingLabels(required: readonly string[], { labels }: WorkerFact): string[] {
  const offered = new Set(labels);
  return required.filter((label) => !offered.has(label));
}

function skippedReason(facts: WhyFacts): WhyReason {
  const { job, condition, needs, inputs, cancel, origins } = facts;
  const bad = needs.filter((need) => need.state !== 'success');
  if (job.conditional === conditionKind.none) {
    return {
      code: 'needs_unsuccessful',
      needs: named(bad),
      count: bad.length,
      origins: origins.slice(0, namedMax.origins),
    };
  }
  const decidedAtMs = job.endedAtMs ?? facts.nowMs;
  const context: ConditionContext = {
    needs: new Map(needs.map((need) => [need.jobKey, { result: need.state as NeedResult, outputs: need.outputs }])),
    inputs,
    runCancelled: cancel !== null && cancel.atMs <= decidedAtMs,
  };
  return {
    code: 'condition_false',
    condition: condition?.source ?? '',
    values: explainCondition(condition, context),
    needs: named(bad),
  };
}

function retriedReason({ job, attempts }: WhyFacts): WhyReason | null {
  const earlier = attempts.filter((attempt) => attempt.number < job.attempt && attempt.outcome !== null);
  const last = earlier.at(-1);
  // A delayed job tells of the failure that it waits for already.
  if (last === undefined || (job.state === 'delayed' && job.attempt === 1)) return null;
  return { code: 'retried', retries: job.attempt, maxRetries: job.maxRetries, last };
}

function named(needs: readonly NeedFact[]): NeedState[] {
  return needs.slice(0, namedMax.needs).map(({ jobKey, state }) => ({ jobKey, state }));
}
