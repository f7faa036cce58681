import { type ConditionContext, explainCondition } from './condition/decide-condition.js';
import type { NeedOutcome } from './condition/evaluate.js';
import type { ConditionValue, NeedResult } from './condition/expression.js';
import { isLeftToOthers } from './labels.js';
import { isQueueTimeout } from './queue-timeout.js';
import { allowsRetryAfter, type RetryRule } from './retry.js';
import { hasCondition } from './settle.js';
import { hasEnded } from './states.js';
import type { AttemptFact, NeedFact, WhyFacts, WorkerFact } from './why-facts.js';
import type { NearWorker, NeedState, WhyReason } from './why-reason.js';

/** Workers, needs or origins that a reason names; further ones are counted. */
const namedMax = { workers: 3, needs: 100, origins: 10 } as const;

/** Characters of an output or input that a false condition quotes. */
const valueChars = 1_000;

/** Why the job is in its state, the main reason first. There is at least one. */
export function explainJob(facts: WhyFacts): WhyReason[] {
  const reasons = [mainReason(facts)];
  if (facts.job.isTolerated) reasons.push({ code: 'tolerated' });
  const retried = retriedReason(facts);
  if (retried !== null) reasons.push(retried);
  if (facts.rerun !== null) reasons.push({ code: 'rerun', ...facts.rerun });
  return reasons;
}

function mainReason(facts: WhyFacts): WhyReason {
  const { job } = facts;
  const last = facts.attempts.filter(({ number }) => number >= job.budgetFrom).at(-1) ?? null;
  if (job.children !== null && (job.state === 'open' || hasEnded(job.state))) {
    const { children, failedChild } = job;
    return { code: job.state === 'open' ? 'children_open' : 'children_ended', ...children, failedChild };
  }
  switch (job.state) {
    case 'open':
      return { code: 'being_decided' };
    case 'waiting':
      return waitingReason(facts);
    case 'held':
      return facts.heldAt === null ? { code: 'being_decided' } : facts.heldAt;
    case 'delayed':
      return {
        code: 'delayed',
        untilMs: job.delayedUntilMs ?? facts.nowMs,
        attempt: last?.number ?? job.attempt,
        error: last?.error ?? null,
      };
    case 'queued':
      return facts.pausedLabel ?? queuedReason(facts.nowMs, job, facts.workers, facts.ahead);
    case 'running':
      return {
        code: 'running',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        sinceMs: last?.claimedAtMs ?? facts.nowMs,
        leaseLeftMs: Math.max(0, (last?.expiresAtMs ?? 0) - facts.nowMs),
        timeoutLeftMs: last?.timeoutAtMs == null ? null : Math.max(0, last.timeoutAtMs - facts.nowMs),
        stopLeftMs: stopLeftMs(last, facts.nowMs),
      };
    case 'success':
      return {
        code: 'succeeded',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        durationMs: (last?.endedAtMs ?? 0) - (last?.claimedAtMs ?? 0),
      };
    case 'failure':
      // An expression, or a queue timeout, fails it before an attempt with the job's number exists.
      if (last?.number !== job.attempt) {
        return { code: isQueueTimeout(job.error) ? 'queue_timed_out' : 'expression_failed', error: job.error ?? '' };
      }
      return {
        code: 'failed',
        attempt: job.attempt,
        workerId: last?.workerId ?? '',
        outcome: last?.outcome ?? 'failure',
        error: last?.error ?? null,
        retries: job.attempt - job.budgetFrom,
        retriesLeft: Math.max(0, job.maxRetries - (job.attempt - job.budgetFrom)),
        retryOn: retryOnThatForbade(facts, last),
      };
    case 'skipped':
      return skippedReason(facts);
    case 'cancelled':
      if (facts.cancel !== null && facts.cancel.supersededBy !== null) {
        return { code: 'superseded', atMs: facts.cancel.atMs, byRunId: facts.cancel.supersededBy };
      }
      return {
        code: 'cancelled',
        atMs: facts.cancel?.atMs ?? job.endedAtMs ?? facts.nowMs,
        by: facts.cancel?.by ?? null,
        isRunTimeout: facts.cancel?.isTimeout ?? false,
        stopped: stoppedByCancel(last, facts.nowMs),
        forRerun: facts.cancel === null,
      };
  }
}

/** Time until a live attempt that must stop ends without a report; null when it need not stop. */
function stopLeftMs(attempt: AttemptFact | null, nowMs: number): number | null {
  if (attempt === null || attempt.outcome !== null || attempt.stop === null) return null;
  return Math.max(0, Math.min(attempt.stop.byMs, attempt.expiresAtMs) - nowMs);
}

function stoppedByCancel(
  last: AttemptFact | null,
  nowMs: number,
): Extract<WhyReason, { code: 'cancelled' }>['stopped'] {
  if (last === null) return null;
  const isStopping = last.outcome === null && last.stop?.reason === 'cancelled';
  if (!isStopping && last.outcome !== 'cancelled') return null;
  return { attempt: last.number, workerId: last.workerId, leftMs: stopLeftMs(last, nowMs) };
}

function waitingReason({ needs, heldAt }: WhyFacts): WhyReason {
  if (heldAt !== null) return heldAt;
  const open = needs.filter((need) => !hasEnded(need.state));
  const stopping = needs.filter((need) => need.isHeld);
  if (open.length === 0 && stopping.length > 0) return { code: 'needs_stopping', needs: named(stopping) };
  if (open.length === 0) return { code: 'being_decided' };
  return { code: 'needs_open', needs: named(open), open: open.length, total: needs.length };
}

/** Why claimable jobs wait, by their required labels. */
export function queuedReason(
  nowMs: number,
  job: Pick<WhyFacts['job'], 'requiredLabels' | 'enqueuedAtMs'>,
  workers: readonly WorkerFact[],
  ahead: WhyFacts['ahead'],
): Extract<WhyReason, { code: 'no_matching_worker' | 'waits_for_worker' }> {
  const live = workers.filter((worker) => worker.isLive);
  const takes = (worker: WorkerFact) =>
    missingLabels(job.requiredLabels, worker).length === 0 && !isLeftToOthers(job.requiredLabels, worker.onlyLabelled);
  const taking = live.filter(takes);
  const matching = taking.filter(({ drain }) => drain === null);
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
    nearest: nearestWorkers(
      job.requiredLabels,
      live.filter((worker) => !taking.includes(worker)),
    ),
    draining: taking
      .flatMap(({ workerId, drain }) => (drain === null ? [] : [{ workerId, ...drain }]))
      .sort((a, b) => b.sinceMs - a.sinceMs || (a.workerId < b.workerId ? -1 : 1))
      .slice(0, namedMax.workers),
    onlyLabelledWorkers: live.filter((worker) => isLeftToOthers(job.requiredLabels, worker.onlyLabelled)).length,
    offline: workers
      .filter((worker) => !worker.isLive && takes(worker))
      .sort((a, b) => b.seenAtMs - a.seenAtMs)
      .slice(0, namedMax.workers)
      .map(({ workerId, seenAtMs }) => ({ workerId, seenAtMs })),
  };
}

/** The live workers that lack the fewest labels, among those that have at least one of them. */
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
  const bad = needs.filter((need) => need.state !== 'success' && !need.isTolerated);
  if (!hasCondition(job.conditional)) {
    return {
      code: 'needs_unsuccessful',
      needs: named(bad),
      count: bad.length,
      origins: origins.slice(0, namedMax.origins),
    };
  }
  const decidedAtMs = job.endedAtMs ?? facts.nowMs;
  const context: ConditionContext = {
    needs: new Map(needs.map((need) => [need.jobKey, toOutcome(need)])),
    inputs,
    run: facts.run,
    vars: facts.vars,
    runCancelled: cancel !== null && cancel.atMs <= decidedAtMs,
  };
  return {
    code: 'condition_false',
    condition: condition?.source ?? '',
    values: explainCondition(condition, context).map(({ text, value }) => ({ text, value: short(value) })),
    needs: named(bad),
  };
}

/** The only causes that the job is retried after, if it has retries left and its last attempt ended otherwise. */
function retryOnThatForbade({ job }: WhyFacts, last: AttemptFact | null): readonly RetryRule[] | null {
  const { retryOn } = job;
  const outcome = last?.outcome ?? 'failure';
  const hasLeft = job.maxRetries > job.attempt - job.budgetFrom;
  return hasLeft && retryOn !== null && !allowsRetryAfter({ on: retryOn }, outcome, last?.exitCode ?? null)
    ? retryOn
    : null;
}

function toOutcome({ state, outputs, isTolerated }: NeedFact): NeedOutcome {
  return { result: state as NeedResult, outputs, isTolerated };
}

function retriedReason({ job, attempts }: WhyFacts): WhyReason | null {
  const earlier = attempts.filter(
    ({ number, outcome }) => number < job.attempt && number >= job.budgetFrom && outcome !== null,
  );
  const last = earlier.at(-1);
  // A delayed job already reports the failure that it waits for.
  if (last === undefined || (job.state === 'delayed' && job.attempt === job.budgetFrom + 1)) return null;
  return { code: 'retried', retries: job.attempt - job.budgetFrom, maxRetries: job.maxRetries, last };
}

function short(value: ConditionValue): ConditionValue {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > valueChars ? quoted(text, valueChars) : value;
}

/** The beginning of a long text, with a mark that it continues. */
export function quoted(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

function named(needs: readonly NeedFact[]): NeedState[] {
  return needs.slice(0, namedMax.needs).map(({ jobKey, state }) => ({ jobKey, state }));
}
