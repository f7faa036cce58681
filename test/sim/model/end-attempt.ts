import type { EventData } from './apply-event.js';
import { mayRetryAfter } from './keys.js';
import { arriveByMs, hasArrivedInTime, type Lease, type Report } from './lease.js';
import type { Model, Place } from './model.js';
import { mayCancelChild } from './nodes.js';
import { beginQueueTimeout } from './queue-timeouts.js';
import { retryDelay } from './rules.js';
import type { ModelAttempt, ModelState, StoredEvent } from './states.js';
import { stopCancelled } from './stop-attempt.js';

/** An attempt ends: by its worker's report, by the clock, by a cancel, or because the job was given back. */
export function endAttempt(
  model: Model,
  place: Place,
  event: StoredEvent,
  data: EventData,
  refuse: (why: string) => void,
): void {
  const { run, job } = place;
  const to = event.type.slice('job.'.length) as ModelState;
  const attempt = job.attempts.at(-1);
  if (attempt === undefined || event.attempt !== job.attempt) {
    refuse(`event of attempt ${event.attempt}, the job is at ${job.attempt}`);
    return;
  }
  const outcome = to === 'success' || to === 'cancelled' ? to : (data.outcome ?? '');
  if (to === 'cancelled') {
    const isForRerun = data.reason === 'rerun' && model.forcedReruns.has(run.id);
    if (isForRerun) model.world.count('job cancelled for a re-run');
    else if (!mayCancelChild(model, place) && run.cancelRequests === 0) refuse('nobody cancelled the run');
    stopCancelled(model, attempt, event.at_ms);
    job.state = 'cancelled';
    return;
  }
  attempt.endedAtMs = event.at_ms;
  attempt.error = data.error ?? '';
  attempt.outcome = outcome as ModelAttempt['outcome'];
  model.world.count(`attempt ${outcome}`);
  job.enqueuedAtMs = event.at_ms;
  switch (outcome) {
    case 'success':
      job.outputs = model.readOutputs(event.job ?? 0);
      checkOutputs(attempt.lease, job.outputs, refuse);
      job.state = 'success';
      return;
    case 'released':
      checkReleased(model, attempt, event.at_ms, refuse);
      job.state = 'queued';
      return;
    case 'failure':
    case 'lease_expired':
    case 'timed_out':
      retryOrFail(model, place, attempt, event, data, to, refuse);
      return;
    default:
      refuse(`an attempt cannot end by ${outcome}`);
  }
}

function retryOrFail(
  model: Model,
  place: Place,
  attempt: ModelAttempt,
  event: StoredEvent,
  data: EventData,
  to: ModelState,
  refuse: (why: string) => void,
): void {
  const { job } = place;
  const { lease } = attempt;
  let retryable = true;
  if (attempt.outcome === 'failure') {
    const report = [...(lease?.reports.values() ?? [])].find(({ error }) => error !== '' && error === data.error);
    if (report === undefined) refuse(`nobody reported ${data.error}`);
    retryable = (report?.retryable ?? false) && mayRetryAfter(job.def, 'failure', report?.exitCode ?? null);
  } else {
    retryable = mayRetryAfter(job.def, attempt.outcome, null);
    if (lease !== null) checkOverdue(model, attempt, lease, event.at_ms, refuse);
  }
  if (!retryable) model.world.count('failure that is not tried again');
  const tried = job.attempt - job.budgetFrom;
  const delay = attempt.outcome === 'lease_expired' ? { leastMs: 0, mostMs: 0 } : retryDelay(job.def.backoff, tried);
  const right: ModelState =
    !retryable || tried >= job.def.retries ? 'failure' : delay.mostMs > 0 ? 'delayed' : 'queued';
  if (to !== right)
    refuse(`after ${attempt.outcome} of attempt ${job.attempt} of ${job.def.retries} it is to be ${right}`);
  if (to !== 'failure') job.attempt += 1;
  if (to === 'delayed') {
    const waitsMs = (data.until_ms ?? 0) - event.at_ms;
    if (waitsMs < delay.leastMs || waitsMs > delay.mostMs) {
      refuse(`its retry waits ${waitsMs} ms, not ${delay.leastMs} to ${delay.mostMs}`);
    }
    job.delayedUntilMs = data.until_ms ?? null;
  }
  if (to === 'queued') beginQueueTimeout(place, event.at_ms);
  job.state = to;
}

function checkOverdue(
  model: Model,
  attempt: ModelAttempt,
  lease: Lease,
  atMs: number,
  refuse: (why: string) => void,
): void {
  if (attempt.outcome === 'timed_out') {
    if (lease.timeoutAtMs === null) refuse('it has no timeout');
    const isReported = lease.reports.size > 0;
    const toleranceMs = isReported ? model.clockErrorMsMax : 0;
    const earlyMs = (lease.timeoutAtMs?.sure ?? atMs) - atMs;
    if (earlyMs > toleranceMs) refuse(`${earlyMs} ms before its timeout`);
    model.world.count(
      isReported ? 'timed out attempt stopped as reported' : 'timed out attempt not waited for any longer',
    );
    if (isReported || atMs >= lease.sureUntilMs || model.stopGraceMs === 0) return;
    if (attempt.stop === null) refuse('its worker was not told to stop it');
    else if (atMs < attempt.stop.sureByMs) refuse(`it was to be waited for another ${attempt.stop.sureByMs - atMs} ms`);
    return;
  }
  if (atMs < lease.sureUntilMs) refuse(`its lease lived for another ${lease.sureUntilMs - atMs} ms`);
  if (lease.isPushed && lease.arrivedAtMs === null && lease.renewalsSent === 0) {
    refuse('an attempt counted although the job never arrived');
  }
}

function checkReleased(model: Model, attempt: ModelAttempt, atMs: number, refuse: (why: string) => void): void {
  const { lease } = attempt;
  if (lease === null || lease.releasesSent > 0) return;
  if (!lease.isPushed) refuse('nobody gave it back');
  if (atMs < arriveByMs(attempt, lease)) refuse('it had time to arrive');
  if (lease.renewalsAnswered > 0) refuse('its worker was heard of');
  if (hasArrivedInTime(attempt, lease)) refuse('its worker said in time that it had arrived');
  model.world.count('pushed job that never arrived');
}

/** The outputs are those of one report that was sent: what it said, over what the log said. */
function checkOutputs(lease: Lease | null, stored: ReadonlyMap<string, string>, refuse: (why: string) => void): void {
  const reports = [...(lease?.reports.values() ?? [])].filter(({ kind }) => kind === 'success');
  if (reports.some((report) => isOf(report, stored))) return;
  const written = (outputs: ReadonlyMap<string, string>) => JSON.stringify([...outputs]);
  const sent = reports.map(({ outputs, printed }) => `${written(outputs)} over ${written(printed)}`);
  refuse(`its outputs are ${written(stored)}, reported were ${sent.join(' or ')}`);
}

function isOf({ outputs, printed, perhapsPrinted }: Report, stored: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of outputs) if (stored.get(key) !== value) return false;
  for (const [key, value] of printed) if (!outputs.has(key) && stored.get(key) !== value) return false;
  for (const [key, value] of stored) {
    if (outputs.get(key) !== value && printed.get(key) !== value && perhapsPrinted.get(key) !== value) return false;
  }
  return true;
}
