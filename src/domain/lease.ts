import { type DomainError, leaseRefused } from './errors.js';
import type { JobState } from './states.js';

/** TTL of a lease when the claim requests none, and the bounds of a requested one. */
const leaseTtl = { defaultMs: 30_000, minMs: 1_000, maxMs: 24 * 60 * 60 * 1000 } as const;

/** The TTL that a claim gets. */
export function leaseTtlMs(askedSecs: number | null): number {
  if (askedSecs === null || Number.isNaN(askedSecs)) return leaseTtl.defaultMs;
  return Math.min(Math.max(askedSecs * 1000, leaseTtl.minMs), leaseTtl.maxMs);
}

/** How an attempt ended. */
export type AttemptOutcome = 'success' | 'failure' | 'lease_expired' | 'timed_out' | 'cancelled';

/** Why a worker must stop a job. */
export type StopReason = 'cancelled' | 'timed_out';

/** What the server asked the worker of a live attempt, and until when it waits for the report. */
export interface Stop {
  readonly reason: StopReason;
  readonly byMs: number;
}

/** A stored attempt, with what a decision about its report needs. */
export interface LeasedAttempt {
  readonly number: number;
  readonly credential: string | null;
  readonly leaseHash: string;
  readonly expiresAtMs: number;
  readonly timeoutAtMs: number | null;
  /** Null while the worker need not stop. */
  readonly stop: Stop | null;
  /** Null while the attempt is live. */
  readonly outcome: AttemptOutcome | null;
  readonly reportDigest: string | null;
  readonly jobState: JobState;
  /** The number of the job's newest attempt. */
  readonly jobAttempt: number;
}

/** A message under a lease. */
export interface LeaseMessage {
  readonly leaseHash: string;
  readonly credential: string | null;
  readonly receivedAtMs: number;
}

/** The attempt when the message comes from its holder, else the refusal. */
export function holderOf(attempt: LeasedAttempt | null, message: LeaseMessage): LeasedAttempt | DomainError {
  if (attempt === null || attempt.leaseHash !== message.leaseHash || attempt.credential !== message.credential) {
    return leaseRefused(
      'unknown_lease',
      'No such lease: it was never granted, was released, or belongs to another caller.',
    );
  }
  return attempt;
}

/**
 * Why the worker of a live attempt must stop it: as requested before, or because the clock says so. Null when it need
 * not.
 */
export function stopReasonOf(attempt: LeasedAttempt, nowMs: number): StopReason | null {
  if (attempt.outcome !== null) return null;
  if (attempt.stop !== null) return attempt.stop.reason;
  return attempt.timeoutAtMs !== null && attempt.timeoutAtMs <= nowMs ? 'timed_out' : null;
}

/** Until when a live attempt stays live unless it is renewed, reported, or asked to stop. */
export function deadlineOf(expiresAtMs: number, timeoutAtMs: number | null, stopByMs: number | null): number {
  return Math.min(expiresAtMs, stopByMs ?? timeoutAtMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Null while the lease is live and can be renewed, else why it is not. It lives on while its worker stops the job:
 * after a timeout until the grace is over, after a cancel until it expires.
 */
export function refusalOf(attempt: LeasedAttempt, nowMs: number): DomainError | null {
  switch (attempt.outcome) {
    case null:
      if (attempt.stop?.reason === 'timed_out' && attempt.stop.byMs <= nowMs) {
        return leaseRefused(
          'lease_expired',
          'The lease has ended: the attempt timed out, and its worker did not stop it in time.',
        );
      }
      if (attempt.expiresAtMs <= nowMs && isCancelled(attempt)) return jobCancelled();
      if (attempt.expiresAtMs <= nowMs) {
        return leaseRefused('lease_expired', 'The lease is gone: it was not renewed in time.');
      }
      return null;
    case 'success':
    case 'failure':
      return leaseRefused('completed', `The attempt has ended: it was reported as ${attempt.outcome}.`);
    case 'cancelled':
      return attempt.expiresAtMs > nowMs ? null : jobCancelled();
    case 'lease_expired':
    case 'timed_out': {
      if (attempt.reportDigest !== null) {
        return leaseRefused('completed', 'The attempt has ended: it timed out, and another end was reported.');
      }
      const why = attempt.outcome === 'timed_out' ? 'the attempt timed out' : 'it was not renewed in time';
      if (attempt.jobAttempt > attempt.number && attempt.jobState === 'running') {
        return leaseRefused('superseded', `The lease has ended: ${why}, and attempt ${attempt.jobAttempt} has begun.`);
      }
      return leaseRefused('lease_expired', `The lease has ended: ${why}.`);
    }
  }
}

/** Null if a job can be released without a run, else why not. */
export function refusesRelease(attempt: LeasedAttempt, nowMs: number): DomainError | null {
  const refusal = refusalOf(attempt, nowMs);
  if (refusal !== null) return refusal;
  if (isCancelled(attempt)) return jobCancelled();
  if (stopReasonOf(attempt, nowMs) === null) return null;
  return leaseRefused('lease_expired', 'The attempt timed out and counts: report that it has stopped.');
}

/**
 * The effect of a report of an attempt's end:
 *
 * - `accept`: it counts;
 * - `timed_out`: an attempt that has timed out has stopped, and ends as timed out;
 * - `replay`: the same report was taken before.
 *
 * It is refused if the job was cancelled, although it then also reports that the attempt has stopped.
 */
export function checkReport(
  attempt: LeasedAttempt,
  digest: string,
  nowMs: number,
): 'accept' | 'timed_out' | 'replay' | DomainError {
  if (isCancelled(attempt)) return jobCancelled();
  if (attempt.outcome !== null && attempt.reportDigest === digest) return 'replay';
  const refusal = refusalOf(attempt, nowMs);
  if (refusal !== null) return refusal;
  return stopReasonOf(attempt, nowMs) === 'timed_out' ? 'timed_out' : 'accept';
}

/** Whether the job was cancelled while the attempt ran. */
export function isCancelled({ outcome, stop }: LeasedAttempt): boolean {
  return outcome === 'cancelled' || (outcome === null && stop?.reason === 'cancelled');
}

function jobCancelled(): DomainError {
  return leaseRefused('cancelled', 'The job was cancelled: only logs can be reported.');
}
