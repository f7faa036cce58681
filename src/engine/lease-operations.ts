import { DomainError } from '../domain/errors.js';
import { judgeReport, refusalOf } from '../domain/lease.js';
import { runOfJob } from '../store/job-id.js';
import {
  type AttemptRow,
  attemptsByLease,
  markReceived,
  overdueAttempts,
  renewLeases,
} from '../store/statements/attempts.js';
import { queueDueJobs } from '../store/statements/jobs.js';
import type { Batch } from './batch.js';
import type { EngineContext, Knowledge } from './context.js';
import { type AttemptEnd, endAttempts } from './end-attempts.js';
import { endRunOut } from './end-run-out.js';
import type { LeaseRenewal } from './engine.js';
import { giveBack } from './give-back.js';
import type { LeaseRef } from './lease-id.js';
import { attemptsOf, jobOfLease, judged, refusedBy, type UnderLease } from './under-lease.js';
import type { Operation } from './writer.js';

/** How a worker says that an attempt has ended. */
export interface EndReport extends UnderLease {
  readonly digest: string;
  readonly end:
    | {
        readonly kind: 'success';
        /** As JSON text; null when there are none. */
        readonly outputs: string | null;
        /** Whether `outputs` holds what was read from the log too. */
        readonly scanned: boolean;
      }
    | { readonly kind: 'failure'; readonly error: string; readonly retryable: boolean };
}

/** `scan`: nothing was changed, since the attempt's stdout must be read for outputs first. */
export type EndAnswer = 'done' | 'scan';

/** Ends attempts as their workers report. */
export function endOperation(knowledge: Knowledge): Operation<EndReport, EndAnswer> {
  return {
    name: 'end',
    rank: 40,
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, reports) {
      const rows = await attemptsOf(batch, reports);
      const ends: AttemptEnd[] = [];
      const answers = reports.map((report, at): EndAnswer | DomainError => {
        const row = rows[at] ?? null;
        const attempt = judged(row, report);
        if (attempt instanceof DomainError) return attempt;
        const judgement = judgeReport(attempt, report.digest, report.receivedAtMs);
        if (judgement instanceof DomainError) return refusedBy(judgement, batch, attempt, report);
        if (judgement === 'replay' || row === null) return 'done';
        if (report.end.kind === 'success' && !report.end.scanned && row.has_output_lines === 1) return 'scan';
        ends.push(toAttemptEnd(row, report));
        return 'done';
      });
      await endAttempts(knowledge, batch, ends);
      return answers;
    },
  };
}

function toAttemptEnd(attempt: AttemptRow, { end, digest }: EndReport): AttemptEnd {
  if (end.kind === 'success') {
    return { attempt, outcome: 'success', digest, error: null, retryable: false, backoff: false, outputs: end.outputs };
  }
  const { error, retryable } = end;
  return { attempt, outcome: 'failure', digest, error, retryable, backoff: true, outputs: null };
}

/** Renews leases for their time to live. */
export function renewOperation(): Operation<UnderLease, LeaseRenewal> {
  return {
    name: 'renew',
    rank: 30,
    keyOf: () => null,
    jobsOf: jobOfLease,
    async apply(batch, messages) {
      const rows = await attemptsOf(batch, messages);
      const renewals = new Map<string, (string | number | null)[]>();
      const answers = messages.map((message, at): LeaseRenewal | DomainError => {
        const row = rows[at] ?? null;
        const attempt = judged(row, message);
        if (attempt instanceof DomainError) return attempt;
        const cancelled = attempt.outcome === 'cancelled' && attempt.expiresAtMs > message.receivedAtMs;
        const refusal = cancelled ? null : refusalOf(attempt, message.receivedAtMs);
        if (refusal !== null) return refusedBy(refusal, batch, attempt, message);
        const { job, number, ttl_ms, timeout_at_ms } = row as AttemptRow;
        const expiresAt = batch.nowMs + ttl_ms;
        const deadline = Math.min(expiresAt, timeout_at_ms ?? Number.POSITIVE_INFINITY);
        renewals.set(`${job}/${number}`, [job, number, expiresAt, deadline]);
        return { ttlSecs: ttl_ms / 1000, cancelled };
      });
      if (renewals.size > 0) await renewLeases.run(batch.connection, { rows: [...renewals.values()] as number[][] });
      return answers;
    },
  };
}

/** Gives jobs back unrun: they are claimable at once, and the attempt is forgotten. */
export function releaseOperation(): Operation<UnderLease, void> {
  return {
    name: 'release',
    rank: 50,
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, messages) {
      const rows = await attemptsOf(batch, messages);
      const given: AttemptRow[] = [];
      const answers = messages.map((message, at): DomainError | undefined => {
        const row = rows[at] ?? null;
        const attempt = judged(row, message);
        if (attempt instanceof DomainError) return attempt;
        const refusal = refusalOf(attempt, message.receivedAtMs);
        if (refusal !== null) return refusedBy(refusal, batch, attempt, message);
        given.push(row as AttemptRow);
        return undefined;
      });
      await giveBack(batch, given);
      return answers;
    },
  };
}

/** Notes that pushed jobs have arrived. */
export function receivedOperation(): Operation<readonly LeaseRef[], void> {
  return {
    name: 'received',
    rank: 25,
    keyOf: () => null,
    jobsOf: (leases) => leases.map(({ job }) => job),
    async apply(batch, inputs) {
      const rows = inputs.flat().map(({ job, attempt, hash }) => [job, attempt, hash]);
      await markReceived.run(batch.connection, { rows });
      return inputs.map(() => undefined);
    },
  };
}

/** How many overdue things one transaction takes. */
const overdueMax = 500;

/** What a look for overdue things did. */
export interface Overdue {
  readonly ended: number;
  /** The time by which it judged. */
  readonly nowMs: number;
}

/** Ends the attempts whose lease or timeout has run out, and queues the retries whose delay is over. */
export function overdueOperation(context: EngineContext): Operation<null, Overdue> {
  return {
    name: 'overdue',
    rank: 60,
    keyOf: () => 0,
    async apply(batch) {
      const attempts = await lockedOverdueAttempts(batch);
      await endRunOut(context, batch, attempts);
      const due = await queueDueJobs.run(batch.connection, { nowMs: batch.nowMs, limit: overdueMax });
      for (const job of due) {
        batch.claimable.add(job.label_set);
        batch.event('job.queued', { run: runOfJob(job.id), job: job.id, attempt: job.attempt });
      }
      return [{ ended: attempts.length + due.length, nowMs: batch.nowMs }];
    },
  };
}

/**
 * A lease may have been renewed through another server between the look and the lock, so what was found is looked at
 * again under the lock.
 */
async function lockedOverdueAttempts(batch: Batch): Promise<readonly AttemptRow[]> {
  const found = await overdueAttempts.run(batch.connection, { nowMs: batch.nowMs, limit: overdueMax });
  if (found.length === 0 || !batch.connection.dialect.hasManyWriters) return found;
  const rows = found.map(({ job, number }) => [job, number]);
  const now = await attemptsByLease.run(batch.connection, { rows });
  return now.filter((attempt) => attempt.outcome === null && attempt.deadline_ms <= batch.nowMs);
}
