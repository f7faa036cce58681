import { DomainError } from '../../domain/errors.js';
import type { StopReason } from '../../domain/lease.js';
import { checkReport, deadlineOf, isCancelled, refusalOf, refusesRelease, stopReasonOf } from '../../domain/lease.js';
import { runOfJob } from '../../store/job-id.js';
import {
  type AttemptRow,
  attemptsByLease,
  markReceived,
  overdueAttempts,
  type Renewal,
  renewLeases,
} from '../../store/statements/attempts.js';
import { queueDueJobs } from '../../store/statements/jobs.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { DrainState } from '../memory/drains.js';
import { endCancelledAttempts, type StoppedAttempt } from '../runs/end-cancelled-attempts.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { type AttemptEnd, endAttempts } from './end-attempts.js';
import { expireAttempts } from './expire-attempts.js';
import type { LeaseRef } from './lease-id.js';
import { attemptsOf, checkHolder, jobOfLease, type LeaseMessage, refuse } from './lease-message.js';
import { leaseLimits } from './limits.js';
import { releaseAttempts } from './release-attempts.js';
import { timedOutAndReportedText } from './timed-out-text.js';

export interface LeaseRenewal {
  readonly ttlSecs: number;
  /** Why the job must stop, and how long the server waits for the report; null while it need not. */
  readonly stop: { readonly reason: StopReason; readonly withinMs: number } | null;
  /** The drain of the worker; null when it is not draining. */
  readonly drain: DrainState | null;
}

/** A worker's report that an attempt has ended. */
export interface EndReport extends LeaseMessage {
  readonly digest: string;
  readonly end:
    | {
        readonly kind: 'success';
        /** As JSON text; null when there are none. */
        readonly outputs: string | null;
        /** Whether `outputs` includes those read from the log. */
        readonly scanned: boolean;
      }
    | {
        readonly kind: 'failure';
        readonly error: string;
        readonly retryable: boolean;
        /** Null when the worker did not report one. */
        readonly exitCode: number | null;
      };
}

/** `scan`: nothing has changed, because the attempt's stdout must be scanned for outputs first. */
export type EndAnswer = 'done' | 'scan';

/** Ends attempts on their workers' reports. */
export function endOperation(context: BatchContext): Operation<EndReport, EndAnswer> {
  return {
    name: 'end',
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, reports) {
      const rows = await attemptsOf(batch, reports);
      const ends: AttemptEnd[] = [];
      const stopped: StoppedAttempt[] = [];
      const answers = reports.map((report, at): EndAnswer | DomainError => {
        const row = rows[at] ?? null;
        const attempt = checkHolder(row, report);
        if (attempt instanceof DomainError) return attempt;
        const verdict = checkReport(attempt, report.digest, report.receivedAtMs);
        if (verdict instanceof DomainError && row !== null && isCancelled(attempt)) {
          if (attempt.outcome === null) stopped.push(toStopped(row, report.digest));
          return verdict;
        }
        if (verdict instanceof DomainError) return refuse(verdict, batch, attempt, report);
        if (verdict === 'replay' || row === null) return 'done';
        if (verdict === 'timed_out') {
          ends.push(toTimedOutEnd(row, report));
          return 'done';
        }
        if (report.end.kind === 'success' && !report.end.scanned && row.has_output_lines === 1) return 'scan';
        ends.push(toAttemptEnd(row, report));
        return 'done';
      });
      await endAttempts(context, batch, ends);
      await endCancelledAttempts(context, batch, stopped);
      return answers;
    },
  };
}

/** The attempt of a cancelled job whose worker reports that it has stopped. */
function toStopped(row: AttemptRow, digest: string | null): StoppedAttempt {
  return { ...row, digest, isHeld: row.job_settled === settledState.held };
}

/** Any report on an attempt that has timed out ends it as timed out. */
function toTimedOutEnd(attempt: AttemptRow, { end, digest }: EndReport): AttemptEnd {
  const error = timedOutAndReportedText(attempt, end);
  const common = { exitCode: null, retryable: true, backoff: true, outputs: null };
  return { attempt, outcome: 'timed_out', digest, error, ...common };
}

function toAttemptEnd(attempt: AttemptRow, { end, digest }: EndReport): AttemptEnd {
  if (end.kind === 'success') {
    const common = { error: null, exitCode: null, retryable: false, backoff: false };
    return { attempt, outcome: 'success', digest, ...common, outputs: end.outputs };
  }
  const { error, exitCode, retryable } = end;
  return { attempt, outcome: 'failure', digest, error, exitCode, retryable, backoff: true, outputs: null };
}

/** Renews leases for their TTL; answers whether their jobs must stop. */
export function renewOperation(context: BatchContext): Operation<LeaseMessage, LeaseRenewal> {
  return {
    name: 'renew',
    keyOf: () => null,
    jobsOf: jobOfLease,
    async apply(batch, messages) {
      const rows = await attemptsOf(batch, messages);
      const renewals = new Map<string, Renewal>();
      const answers = messages.map((message, at): LeaseRenewal | DomainError => {
        const row = rows[at] ?? null;
        const attempt = checkHolder(row, message);
        if (attempt instanceof DomainError) return attempt;
        const refusal = refusalOf(attempt, message.receivedAtMs);
        if (refusal !== null) return refuse(refusal, batch, attempt, message);
        const { job, number, worker_id, ttl_ms, timeout_at_ms, stop_by_ms } = row as AttemptRow;
        const expiresAt = batch.nowMs + ttl_ms;
        const deadline_ms = deadlineOf(expiresAt, timeout_at_ms, stop_by_ms);
        renewals.set(`${job}/${number}`, { job, number, expires_at_ms: expiresAt, deadline_ms });
        const reason = isCancelled(attempt) ? 'cancelled' : stopReasonOf(attempt, message.receivedAtMs);
        const drain = context.drains.of(worker_id);
        if (reason === null) return { ttlSecs: ttl_ms / 1000, stop: null, drain };
        // When only the clock says that it has timed out, the same commit writes that down.
        if (attempt.stop === null) batch.reportedExpired.push({ job, number });
        const byMs = attempt.stop?.byMs ?? batch.nowMs + context.stopGraceMs;
        return { ttlSecs: ttl_ms / 1000, stop: { reason, withinMs: Math.max(0, byMs - batch.nowMs) }, drain };
      });
      if (renewals.size > 0) await renewLeases.run(batch.connection, { rows: [...renewals.values()] });
      return answers;
    },
  };
}

/** Releases jobs that did not run: they are claimable at once, and the attempt is deleted. */
export function releaseOperation(context: BatchContext): Operation<LeaseMessage, void> {
  return {
    name: 'release',
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, messages) {
      const rows = await attemptsOf(batch, messages);
      const given: AttemptRow[] = [];
      const stopped: StoppedAttempt[] = [];
      const answers = messages.map((message, at): DomainError | undefined => {
        const row = rows[at] ?? null;
        const attempt = checkHolder(row, message);
        if (attempt instanceof DomainError) return attempt;
        const refusal = refusesRelease(attempt, message.receivedAtMs);
        if (refusal !== null && row !== null && isCancelled(attempt)) {
          if (attempt.outcome === null) stopped.push(toStopped(row, null));
          return refusal;
        }
        if (refusal !== null) return refuse(refusal, batch, attempt, message);
        given.push(row as AttemptRow);
        return undefined;
      });
      await releaseAttempts(batch, given);
      await endCancelledAttempts(context, batch, stopped);
      return answers;
    },
  };
}

/** Records that pushed jobs have arrived. */
export function receivedOperation(): Operation<readonly LeaseRef[], void> {
  return {
    name: 'received',
    keyOf: () => null,
    jobsOf: (leases) => leases.map(({ job }) => job),
    async apply(batch, inputs) {
      const rows = inputs.flat().map(({ job, attempt, hash }) => ({ job, number: attempt, lease_hash: hash }));
      await markReceived.run(batch.connection, { rows });
      return inputs.map(() => undefined);
    },
  };
}

/** Result of one search for overdue attempts and retries. */
export interface Overdue {
  readonly ended: number;
  /** The time by which it decided. */
  readonly nowMs: number;
}

/** Expires overdue attempts and queues the retries whose delay is over. */
export function overdueOperation(context: EngineContext): Operation<null, Overdue> {
  return {
    name: 'overdue',
    keyOf: () => 0,
    async apply(batch) {
      const attempts = await lockedOverdueAttempts(batch);
      await expireAttempts(context, batch, attempts);
      const due = await queueDueJobs.run(batch.connection, {
        nowMs: batch.nowMs,
        limit: leaseLimits.overduePerTransaction,
      });
      for (const job of due) {
        batch.wakeups.claimable.add(job.label_set);
        if (job.due_at_ms !== null) batch.wakeups.dueAt(job.due_at_ms);
        batch.changes.event('job.queued', { run: runOfJob(job.id), job: job.id, attempt: job.attempt });
      }
      return [{ ended: attempts.length + due.length, nowMs: batch.nowMs }];
    },
  };
}

/**
 * Another server may have renewed a lease between the read and the lock, so each attempt is checked again under the
 * lock.
 */
async function lockedOverdueAttempts(batch: Batch): Promise<readonly AttemptRow[]> {
  const found = await overdueAttempts.run(batch.connection, {
    nowMs: batch.nowMs,
    limit: leaseLimits.overduePerTransaction,
  });
  if (found.length === 0 || !batch.connection.dialect.hasManyWriters) return found;
  const now = await attemptsByLease.run(batch.connection, { rows: found });
  return now.filter((attempt) => attempt.outcome === null && attempt.deadline_ms <= batch.nowMs);
}
