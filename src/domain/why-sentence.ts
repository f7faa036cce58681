import type { ConditionValue } from './condition/expression.js';
import type { AttemptOutcome } from './lease.js';
import type { JobState } from './states.js';
import type { NeedState, WhyReason } from './why.js';

/** How much of an error text a sentence quotes: its first line, up to this many characters. */
const quotedChars = 200;

/** How many jobs a sentence names before it counts the rest. */
const namedInSentence = 5;

/** What a reason says to people, with times as spans from now. */
export function sentenceOf(reason: WhyReason, nowMs: number): string {
  switch (reason.code) {
    case 'needs_open':
      return `It waits for ${reason.open} of the ${count(reason.total, 'job')} that it needs: ${jobs(reason.needs, reason.open)}.`;
    case 'being_decided':
      return 'Every job that it needs has ended, and the server is about to decide on it.';
    case 'delayed':
      return `Attempt ${reason.attempt} failed${because(reason.error)}; the next is delayed for ${span(reason.untilMs - nowMs)}.`;
    case 'no_matching_worker':
      return noMatchingWorker(reason, nowMs);
    case 'waits_for_worker':
      return waitsForWorker(reason, nowMs);
    case 'running': {
      const timeout = reason.timeoutLeftMs === null ? '' : `, and it times out in ${span(reason.timeoutLeftMs)}`;
      return (
        `Worker ${quote(reason.workerId)} has run attempt ${reason.attempt} for ${span(nowMs - reason.sinceMs)}; ` +
        `its lease lasts another ${span(reason.leaseLeftMs)} unless renewed${timeout}.`
      );
    }
    case 'succeeded':
      return `Attempt ${reason.attempt} succeeded on worker ${quote(reason.workerId)} in ${span(reason.durationMs)}.`;
    case 'failed':
      return `Attempt ${reason.attempt} on worker ${quote(reason.workerId)} ${ended(reason.outcome)}${because(reason.error)}; ${whyNoRetry(reason)}.`;
    case 'retried':
      return (
        `It was tried ${times(reason.retries)} before (${count(reason.maxRetries, 'retry', 'retries')} allowed); attempt ${reason.last.number} on worker ` +
        `${quote(reason.last.workerId)} ${ended(reason.last.outcome ?? 'failure')}${because(reason.last.error)}.`
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
          : `attempt ${reason.stopped.attempt} was stopped on worker ${quote(reason.stopped.workerId)}`;
      return `Its run was cancelled${by} ${span(nowMs - reason.atMs)} ago; ${stopped}.`;
    }
  }
}

function noMatchingWorker(reason: Extract<WhyReason, { code: 'no_matching_worker' }>, nowMs: number): string {
  const { requiredLabels, unknownLabels, liveWorkers, nearest, offline } = reason;
  const parts: string[] = [];
  if (liveWorkers === 0) parts.push('There is no live worker.');
  else if (unknownLabels.length > 0) {
    parts.push(`No live worker has the label${unknownLabels.length === 1 ? '' : 's'} ${list(unknownLabels)}.`);
  } else parts.push(`No live worker has all of the labels ${list(requiredLabels)}.`);
  if (nearest.length > 0) {
    const near = nearest.map(({ workerId, missing }) => `${quote(workerId)}, which lacks ${list(missing)}`);
    parts.push(`Nearest: ${near.join('; ')}.`);
  }
  if (offline.length > 0) {
    const gone = offline.map(
      ({ workerId, seenAtMs }) => `${quote(workerId)}, not heard of for ${span(nowMs - seenAtMs)}`,
    );
    parts.push(
      `With ${requiredLabels.length === 0 ? 'no labels needed' : 'the labels'}, but offline: ${gone.join('; ')}.`,
    );
  }
  return parts.join(' ');
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
  if (reason.retriesLeft > 0) return 'the worker reported that another try would not help';
  if (reason.attempt === 0) return 'it has no retries';
  return reason.attempt === 1 ? 'its one retry is used up' : `its ${reason.attempt} retries are used up`;
}

function ended(outcome: AttemptOutcome): string {
  switch (outcome) {
    case 'success':
      return 'succeeded';
    case 'failure':
      return 'failed';
    case 'lease_expired':
      return 'was lost';
    case 'timed_out':
      return 'took too long';
    case 'cancelled':
      return 'was cancelled';
  }
}

const stateWords: Readonly<Record<JobState, string>> = {
  waiting: 'waits for its own needs',
  delayed: 'waits for a retry',
  queued: 'waits for a worker',
  running: 'is running',
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
  const line = (error ?? '').trim().split('\n', 1)[0] ?? '';
  if (line === '') return '';
  return ` (${line.length > quotedChars ? `${line.slice(0, quotedChars)}…` : line})`;
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
