import type { EventData } from './apply-event.js';
import { hasArrivedInTime } from './lease.js';
import type { Model, Place } from './model.js';
import type { ModelAttempt, StoredEvent } from './states.js';

/** An attempt has timed out, and its worker is told to stop it. */
export function stopTimedOut(
  model: Model,
  { job }: Place,
  event: StoredEvent,
  data: EventData,
  refuse: (why: string) => void,
): void {
  const attempt = job.attempts.at(-1);
  if (attempt === undefined || job.state !== 'running' || event.attempt !== job.attempt) {
    refuse('it does not run');
    return;
  }
  const { lease } = attempt;
  if (data.reason !== 'timed_out') refuse(`the reason is ${data.reason}`);
  if (attempt.stop !== null) refuse('it was told to stop before');
  if (job.def.timeoutSecs === null) refuse('it has no timeout');
  if (lease?.timeoutAtMs != null && event.at_ms < lease.timeoutAtMs.sure) {
    refuse(`${lease.timeoutAtMs.sure - event.at_ms} ms before its timeout`);
  }
  if (lease !== null && lease.perhapsUntilMs < event.at_ms && lease.renewing.size === 0) refuse('its lease is over');
  const byMs = event.at_ms + model.stopGraceMs;
  if (data.until_ms !== byMs) refuse(`it is waited for until ${data.until_ms}, not ${byMs}`);
  attempt.stop = { reason: 'timed_out', atMs: event.at_ms, sureByMs: byMs, perhapsByMs: byMs };
  model.world.count('attempt told to stop: timed out');
}

/** Its job was cancelled while it ran: it is live until it has stopped. */
export function stopCancelled(model: Model, attempt: ModelAttempt, atMs: number): void {
  const byMs = atMs + model.stopGraceMs;
  attempt.stop =
    attempt.stop === null
      ? { reason: 'cancelled', atMs, sureByMs: byMs, perhapsByMs: byMs }
      : { ...attempt.stop, reason: 'cancelled' };
  model.stopping.add(attempt);
  model.world.count('attempt cancelled');
}

/** An attempt of a cancelled job has ended: because somebody said so, or because the time for it is over. */
export function checkStopped(model: Model, attempt: ModelAttempt, atMs: number): void {
  const { stop, lease } = attempt;
  if (stop === null || lease === null) return;
  const isReported = lease.reports.size > 0 || lease.releasesSent > 0;
  const isOver = atMs >= stop.sureByMs || atMs >= lease.sureUntilMs;
  const mayNotHaveArrived = lease.isPushed && lease.renewalsSent === 0 && !hasArrivedInTime(attempt, lease);
  model.world.count(isReported ? 'cancelled job stopped as reported' : 'cancelled job not waited for any longer');
  if (isReported || isOver || mayNotHaveArrived) return;
  model.violated(
    'a cancelled job is waited for until it has stopped',
    `${lease.id}: ${Math.min(stop.sureByMs, lease.sureUntilMs) - atMs} ms early`,
  );
}
