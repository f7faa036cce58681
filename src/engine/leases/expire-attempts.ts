import { type AttemptRow, attemptsByLease } from '../../store/statements/attempts.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext } from '../context.js';
import { leaseTopic } from '../memory/topics.js';
import { endCancelledAttempts } from '../runs/end-cancelled-attempts.js';
import type { Batch } from '../writer/batch.js';
import { type AttemptEnd, endAttempts } from './end-attempts.js';
import { releaseAttempts } from './release-attempts.js';
import { stopTimedOutAttempts } from './stop-attempts.js';
import { writeSystemLines } from './system-lines.js';
import { seconds, timedOutText } from './timed-out-text.js';

/** What happens to an overdue attempt. */
type Overdue = 'end' | 'end cancelled' | 'release' | 'stop';

/**
 * Handles live attempts that are overdue. An attempt ends when its lease has expired, or when it was asked to stop and
 * no report came in time. An attempt that has timed out while its lease is live is asked to stop. A pushed job whose
 * arrival was never confirmed is released.
 */
export async function expireAttempts(
  context: BatchContext,
  batch: Batch,
  attempts: readonly AttemptRow[],
): Promise<void> {
  const overdue = Map.groupBy(attempts, (attempt) => whatToDo(attempt, batch.nowMs, context.stopGraceMs));
  const toEnd = overdue.get('end') ?? [];
  const cancelled = overdue.get('end cancelled') ?? [];
  await writeSystemLines(
    batch,
    [...toEnd, ...cancelled]
      .filter(isStopping)
      .map((attempt) => ({ attempt, text: `${unstoppedText(attempt, batch)}: the attempt has ended` })),
    'end',
  );
  await endAttempts(
    context,
    batch,
    toEnd.map((attempt) => toOverdueEnd(attempt, batch.nowMs)),
  );
  await endCancelledAttempts(
    context,
    batch,
    cancelled.map((attempt) => ({ ...attempt, digest: null, isHeld: attempt.job_settled === settledState.held })),
  );
  await stopTimedOutAttempts(context, batch, overdue.get('stop') ?? []);
  const neverArrived = overdue.get('release') ?? [];
  await releaseAttempts(batch, neverArrived);
  for (const { job } of neverArrived) batch.wakeups.signals.add(leaseTopic(job));
}

/**
 * Handles the attempts that this batch reported to a caller as expired. Each is checked again: another message of the
 * batch may have ended or renewed it.
 */
export async function expireReportedAttempts(context: BatchContext, batch: Batch): Promise<void> {
  const reportedExpired = batch.reportedExpired.splice(0);
  if (reportedExpired.length === 0) return;
  const byKey = new Map(reportedExpired.map((attempt) => [`${attempt.job}/${attempt.number}`, attempt]));
  const now = await attemptsByLease.run(batch.connection, { rows: [...byKey.values()] });
  await expireAttempts(
    context,
    batch,
    now.filter(({ outcome, deadline_ms }) => outcome === null && deadline_ms <= batch.nowMs),
  );
}

function whatToDo(attempt: AttemptRow, nowMs: number, stopGraceMs: number): Overdue {
  if (attempt.stop_reason === 'cancelled') return 'end cancelled';
  if (attempt.received === 0) return 'release';
  const isThere = attempt.expires_at_ms > nowMs;
  return isThere && attempt.stop_reason === null && stopGraceMs > 0 ? 'stop' : 'end';
}

function toOverdueEnd(attempt: AttemptRow, nowMs: number): AttemptEnd {
  const common = { attempt, digest: null, exitCode: null, retryable: true, outputs: null };
  if (attempt.stop_reason === 'timed_out' || (attempt.timeout_at_ms !== null && attempt.timeout_at_ms <= nowMs)) {
    return { ...common, outcome: 'timed_out', backoff: true, error: timedOutText(attempt) };
  }
  return {
    ...common,
    outcome: 'lease_expired',
    backoff: false,
    error: `lease expired: ${noHeartbeatText(attempt)}`,
  };
}

function isStopping({ stop_reason }: AttemptRow): boolean {
  return stop_reason !== null;
}

/** Why an attempt that was asked to stop ends without its worker's report. */
function unstoppedText(attempt: AttemptRow, { nowMs }: Batch): string {
  if (attempt.expires_at_ms <= nowMs) return noHeartbeatText(attempt);
  return `worker ${JSON.stringify(attempt.worker_id)} did not report in time that it has stopped`;
}

function noHeartbeatText(attempt: AttemptRow): string {
  return `no heartbeat from worker ${JSON.stringify(attempt.worker_id)} for ${seconds(attempt.ttl_ms)}`;
}
