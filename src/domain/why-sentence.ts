import type { ConditionValue } from './condition/expression.js';
import { isFeature } from './labels.js';
import type { AttemptOutcome } from './lease.js';
import { retryRuleText } from './retry.js';
import type { JobState } from './states.js';
import type { FailedChildFact, PausedFact } from './why-facts.js';
import type { DrainingWorker, NeedState, WhyReason } from './why-reason.js';

/** Part of an error text that a sentence quotes: its first line, up to this many characters. */
const quotedChars = 200;

/** Jobs that a sentence names before it counts the rest. */
const namedInSentence = 5;

type ChildrenReason = Extract<WhyReason, { code: 'children_open' | 'children_ended' }>;

/** The sentence of a reason for people, with times as spans from now. */
export function sentenceOf(reason: WhyReason, nowMs: number): string {
  switch (reason.code) {
    case 'needs_open':
      return `It waits for ${reason.open} of the ${count(reason.total, 'job')} that it needs: ${jobs(reason.needs, reason.open)}.`;
    case 'children_open':
      return `${reason.open} of its ${count(reason.total, 'child', 'children')} have not ended${howChildrenEnded(reason)}.`;
    case 'children_ended':
      if (reason.total === 0) return 'Its matrix gives no combination, so that it has no children.';
      return `All of its ${count(reason.total, 'child', 'children')} have ended${howChildrenEnded(reason)}.`;
    case 'being_decided':
      return 'Every job that it needs has ended, and the server is about to decide on it.';
    case 'held_by_group':
      return heldByGroup(reason, nowMs);
    case 'paused':
      return paused(reason, nowMs);
    case 'held_by_max_parallel':
      return heldByMaxParallel(reason, nowMs);
    case 'superseded':
      return `Its run was cancelled ${span(nowMs - reason.atMs)} ago to make way for run ${reason.byRunId} of its group.`;
    case 'needs_stopping':
      return `It waits until jobs that it needs, and that were cancelled, have stopped: ${jobs(reason.needs, reason.needs.length)}.`;
    case 'delayed':
      return `Attempt ${reason.attempt} failed${because(reason.error)}; the next is delayed for ${span(reason.untilMs - nowMs)}.`;
    case 'no_matching_worker':
      return noMatchingWorker(reason, nowMs);
    case 'waits_for_worker':
      return waitsForWorker(reason, nowMs);
    case 'running': {
      if (reason.stopLeftMs !== null) {
        return (
          `Attempt ${reason.attempt} has timed out, ${span(nowMs - reason.sinceMs)} after its claim; ` +
          `worker ${quote(reason.workerId)} has another ${span(reason.stopLeftMs)} to stop it.`
        );
      }
      const timeout = reason.timeoutLeftMs === null ? '' : `, and it times out in ${span(reason.timeoutLeftMs)}`;
      return (
        `Worker ${quote(reason.workerId)} has run attempt ${reason.attempt} for ${span(nowMs - reason.sinceMs)}; ` +
        `its lease lasts another ${span(reason.leaseLeftMs)} unless renewed${timeout}.`
      );
    }
    case 'succeeded':
      return `Attempt ${reason.attempt} succeeded on worker ${quote(reason.workerId)} in ${span(reason.durationMs)}.`;
    case 'failed':
      return `Attempt ${reason.attempt} on worker ${quote(reason.workerId)} ${ended(reason.outcome, reason.error)}; ${whyNoRetry(reason)}.`;
    case 'expression_failed':
      return `It failed without an attempt, because an expression of its definition has no value: ${firstLine(reason.error)}.`;
    case 'queue_timed_out':
      return `It failed without an attempt: ${firstLine(reason.error)}.`;
    case 'tolerated':
      return 'Its failure counts as success for its run and for the jobs that need it (continue-on-error).';
    case 'retried':
      return (
        `It was tried ${times(reason.retries)} before (${count(reason.maxRetries, 'retry', 'retries')} allowed); attempt ${reason.last.number} on worker ` +
        `${quote(reason.last.workerId)} ${ended(reason.last.outcome ?? 'failure', reason.last.error)}.`
      );
    case 'condition_false': {
      const values = reason.values.map(({ text, value }) => `${text} is ${valueText(value)}`).join(', ');
      const needs = reason.needs.length === 0 ? '' : ` (${jobs(reason.needs, reason.needs.length)})`;
      return `Its condition ${quote(reason.condition)} is false: ${values === '' ? 'it is always so' : values}${needs}.`;
    }
    case 'needs_unsuccessful': {
      const origins =
        reason.origins.length === 0 ? '' : ` It began with ${jobs(reason.origins, reason.origins.length)}.`;
      return `It was skipped because ${reason.count === 1 ? 'a job' : 'jobs'} that it needs did not succeed: ${jobs(reason.needs, reason.count)}.${origins}`;
    }
    case 'cancelled': {
      const by = reason.by === null ? '' : ` by token ${quote(reason.by)}`;
      const stopped =
        reason.stopped === null
          ? 'it had not started'
          : reason.stopped.leftMs === null
            ? `attempt ${reason.stopped.attempt} was stopped on worker ${quote(reason.stopped.workerId)}`
            : `worker ${quote(reason.stopped.workerId)} has another ${span(reason.stopped.leftMs)} to stop attempt ${reason.stopped.attempt}`;
      const what = reason.forRerun ? 'It made way for a re-run of a job that it needs' : `Its run was cancelled${by}`;
      const timeout = reason.isRunTimeout ? ', because it took longer than its timeout' : '';
      return `${what} ${span(nowMs - reason.atMs)} ago${timeout}; ${stopped}.`;
    }
    case 'rerun': {
      const by = reason.by === null ? '' : ` by token ${quote(reason.by)}`;
      return `It was re-run${by} ${span(nowMs - reason.atMs)} ago (generation ${reason.generation} of the run).`;
    }
  }
}

function heldByGroup(reason: Extract<WhyReason, { code: 'held_by_group' }>, nowMs: number): string {
  const { ofJobs, group, max, inUse, sinceMs, before, holders } = reason;
  const noun = ofJobs ? 'job' : 'run';
  const begin = `${ofJobs ? 'It' : 'Its run'} has waited for ${span(nowMs - sinceMs)} for a place in group ${quote(group)} (${max} at a time)`;
  const [first] = holders;
  const more = inUse - 1;
  const others = more > 0 ? ` and ${count(more, `other ${noun}`)}` : '';
  const held =
    first === undefined
      ? 'every place is free'
      : `${first.jobKey === null ? '' : `job ${quote(first.jobKey)} of `}run ${first.runId} of ${quote(first.workflowId)} has had it for ${span(nowMs - first.sinceMs)}${others === '' ? '' : `, beside${others.slice(4)}`}`;
  const waiting =
    before === 0 ? 'it is the next' : `${count(before, noun)} ${before === 1 ? 'waits' : 'wait'} before it`;
  return `${begin}: ${held}, and ${waiting}.`;
}

function paused({ kind, subject, reason, sinceMs, by }: PausedFact, nowMs: number): string {
  const what = { workflow: `Workflow ${quote(subject)}`, run: 'Its run', label: `Label ${quote(subject)}` }[kind];
  const said = reason === '' ? '' : `: ${reason}`;
  return `${what} was paused ${span(nowMs - sinceMs)} ago${by === null ? '' : ` by token ${quote(by)}`}${said}.`;
}

function heldByMaxParallel(reason: Extract<WhyReason, { code: 'held_by_max_parallel' }>, nowMs: number): string {
  const { jobKey, max, inUse, sinceMs, before } = reason;
  const children = `${count(inUse, 'child', 'children')} of job ${quote(jobKey)} ${inUse === 1 ? 'is' : 'are'} claimable or running`;
  const waiting = before === 0 ? 'it is the next' : `${before} ${before === 1 ? 'waits' : 'wait'} before it`;
  return `It has waited for ${span(nowMs - sinceMs)} for "max-parallel: ${max}": ${children}, and ${waiting}.`;
}

function noMatchingWorker(reason: Extract<WhyReason, { code: 'no_matching_worker' }>, nowMs: number): string {
  const { requiredLabels, unknownLabels, liveWorkers, onlyLabelledWorkers, draining, offline } = reason;
  const nearest = draining.length > 0 ? [] : reason.nearest;
  const parts: string[] = [];
  if (draining.length > 0)
    parts.push(
      `Every live worker that matches is draining: ${draining.map((one) => drainingWorker(one, nowMs)).join('; ')}.`,
    );
  else if (liveWorkers === 0) parts.push('There is no live worker.');
  else if (requiredLabels.length === 0) {
    const [workers, take] =
      onlyLabelledWorkers === 1
        ? ['the one live worker', 'takes']
        : [`all ${onlyLabelledWorkers} live workers`, 'take'];
    parts.push(
      `It requires no label, and ${workers} ${take} only jobs with labels (--only-labelled). ` +
        'Start a worker that takes every job, or give the job a label.',
    );
  } else if (unknownLabels.length > 0) {
    parts.push(`No live worker has the label${unknownLabels.length === 1 ? '' : 's'} ${list(unknownLabels)}.`);
  } else parts.push(`No live worker has all of the labels ${list(requiredLabels)}.`);
  if (nearest.length > 0) {
    const near = nearest.map(({ workerId, missing }) => `${quote(workerId)}, which lacks ${list(missing)}`);
    parts.push(`Nearest: ${near.join('; ')}.`);
  }
  const feature = liveWorkers === 0 || draining.length > 0 ? undefined : missingFeature(reason);
  if (feature !== undefined) {
    parts.push(
      `Workers that this project's SDKs make offer ${quote(feature)} by themselves when they run jobs in a shell; ` +
        'others lack what the job requires.',
    );
  }
  if (offline.length > 0) {
    const gone = offline.map(
      ({ workerId, seenAtMs }) => `${quote(workerId)}, last heartbeat ${span(nowMs - seenAtMs)} ago`,
    );
    parts.push(
      `With ${requiredLabels.length === 0 ? 'no labels needed' : 'the labels'}, but offline: ${gone.join('; ')}.`,
    );
  }
  return parts.join(' ');
}

function drainingWorker({ workerId, sinceMs, by, reason }: DrainingWorker, nowMs: number): string {
  const said = reason === '' ? '' : ` (${reason})`;
  return `${quote(workerId)} for ${span(nowMs - sinceMs)}${by === null ? '' : `, by token ${quote(by)}`}${said}`;
}

/** What the nearest worker, or every worker, cannot do. */
function missingFeature({
  unknownLabels,
  nearest,
}: Extract<WhyReason, { code: 'no_matching_worker' }>): string | undefined {
  return [...unknownLabels, ...nearest.flatMap(({ missing }) => missing)].find(isFeature);
}

function waitsForWorker(reason: Extract<WhyReason, { code: 'waits_for_worker' }>, nowMs: number): string {
  const { matchingWorkers, freeWorkers, ahead, aheadIsBound } = reason;
  const waiting = `It has been claimable for ${span(nowMs - reason.enqueuedAtMs)}`;
  const before =
    ahead === 0 && !aheadIsBound
      ? 'it is the next of its kind'
      : `${aheadIsBound ? 'more than ' : ''}${count(ahead, 'job')} with the same labels ${ahead === 1 && !aheadIsBound ? 'comes' : 'come'} before it`;
  const workers =
    freeWorkers > 0
      ? `${freeWorkers} of ${count(matchingWorkers, 'matching worker')} ${freeWorkers === 1 ? 'has' : 'have'} a free slot`
      : `${matchingWorkers === 1 ? 'the one matching worker is' : `all ${matchingWorkers} matching workers are`} busy`;
  return `${waiting}: ${workers}, and ${before}.`;
}

function whyNoRetry(reason: Extract<WhyReason, { code: 'failed' }>): string {
  if (reason.retryOn !== null)
    return `it is retried only on: ${reason.retryOn.map(retryRuleText).join(', ')} (retry-on)`;
  if (reason.retriesLeft > 0) return 'the worker reported that another try would not help';
  if (reason.retries === 0) return 'it has no retries';
  return reason.retries === 1 ? 'its one retry is used up' : `its ${reason.retries} retries are used up`;
}

/** How an attempt ended, and why; the error of a timeout already says both. */
function ended(outcome: AttemptOutcome, error: string | null): string {
  if (outcome === 'timed_out' && error?.startsWith('timed out') === true) return firstLine(error);
  return `${endedWord(outcome)}${because(error)}`;
}

function endedWord(outcome: AttemptOutcome): string {
  switch (outcome) {
    case 'success':
      return 'succeeded';
    case 'failure':
      return 'failed';
    case 'lease_expired':
      return 'was lost';
    case 'timed_out':
      return 'timed out';
    case 'cancelled':
      return 'was cancelled';
  }
}

function howChildrenEnded({ failed, cancelled, failedChild }: ChildrenReason): string {
  const which = failedChild === null ? '' : `${failed === 1 ? ': ' : ', first '}${nameChild(failedChild)}`;
  const ends = [
    ...(failed > 0 ? [`${failed} failed${which}`] : []),
    ...(cancelled > 0 ? [`${cancelled} were cancelled`] : []),
  ];
  return ends.length === 0 ? '' : `; ${ends.join('; ')}`;
}

function nameChild({ jobKey, name, error }: FailedChildFact): string {
  return `${jobKey}${name === jobKey ? '' : ` ${quote(name)}`}${because(error)}`;
}

const stateWords: Readonly<Record<JobState, string>> = {
  waiting: 'waits for its own needs',
  held: 'waits for a place',
  delayed: 'waits for a retry',
  queued: 'waits for a worker',
  running: 'is running',
  open: 'is running',
  success: 'succeeded',
  failure: 'failed',
  skipped: 'was skipped',
  cancelled: 'was cancelled',
};

function jobs(needs: readonly NeedState[], total: number): string {
  const shown = needs.slice(0, namedInSentence).map(({ jobKey, state }) => `${quote(jobKey)} ${stateWords[state]}`);
  const more = total - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function because(error: string | null): string {
  const line = firstLine(error ?? '');
  return line === '' ? '' : ` (${line})`;
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > quotedChars ? `${line.slice(0, quotedChars)}…` : line;
}

function list(labels: readonly string[]): string {
  return labels.map(quote).join(', ');
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function valueText(value: ConditionValue): string {
  return typeof value === 'string'
    ? quote(value.length > quotedChars ? `${value.slice(0, quotedChars)}…` : value)
    : String(value);
}

function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

function times(number: number): string {
  return number === 1 ? 'once' : `${number} times`;
}

/** A span of time for people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 1 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}
