import { type DomainError, leaseRefused } from './errors.js';
import type { JobState } from './states.js';

/** Time to live of a lease when the claim names none, and the bounds of what it may name. */
const leaseTtl = { defaultMs: 30_000, minMs: 1_000, maxMs: 24 * 60 * 60 * 1000 } as const;

/** The time to live that a claim gets for what it asked for. */
export function leaseTtlMs(askedSecs: number | null): number {
  if (askedSecs === null || Number.isNaN(askedSecs)) return leaseTtl.defaultMs;
  return Math.min(Math.max(askedSecs * 1000, leaseTtl.minMs), leaseTtl.maxMs);
}

/** How an attempt ended. */
export type AttemptOutcome = 'success' | 'failure' | 'lease_expired' | 'timed_out' | 'cancelled';

/** An attempt as the store has it, with what is needed to judge a report on it. */
export interface LeasedAttempt {
  readonly number: number;
  readonly credential: string | null;
  readonly leaseHash: string;
  readonly expiresAtMs: number;
  readonly timeoutAtMs: number | null;
  readonly outcome: AttemptOutcome | null;
  readonly reportDigest: string | null;
  readonly jobState: JobState;
  /** The number of the job's newest attempt. */
  readonly jobAttempt: number;
}

/** A message that came under a lease. */
export interface LeaseMessage {
  readonly leaseHash: string;
  readonly credential: string | null;
  readonly receivedAtMs: number;
}

/** The attempt when the message is its holder's, else the refusal. */
export function holderOf(attempt: LeasedAttempt | null, message: LeaseMessage): LeasedAttempt | DomainError {
  if (attempt === null || attempt.leaseHash !== message.leaseHash || attempt.credential !== message.credential) {
    return leaseRefused(
      'unknown_lease',
      'No such lease: it was never granted, was given back, or belongs to another caller.',
    );
  }
  return attempt;
}

/** Whether the attempt can still be reported on; else why not. */
export function refusalOf(attempt: LeasedAttempt, nowMs: number): DomainError | null {
  switch (attempt.outcome) {
    case null:
      if (attempt.timeoutAtMs !== null && attempt.timeoutAtMs <= nowMs) {
        return leaseRefused('lease_expired', 'The lease is gone: the attempt reached its timeout.');
      }
      if (attempt.expiresAtMs <= nowMs) {
        return leaseRefused('lease_expired', 'The lease is gone: it was not renewed in time.');
      }
      return null;
    case 'success':
    case 'failure':
      return leaseRefused('completed', `The attempt has ended: it was reported as ${attempt.outcome}.`);
    case 'cancelled':
      return leaseRefused('cancelled', 'The job was cancelled: only logs can be reported.');
    case 'lease_expired':
    case 'timed_out': {
      const why = attempt.outcome === 'timed_out' ? 'the attempt reached its timeout' : 'it was not renewed in time';
      if (attempt.jobAttempt > attempt.number && attempt.jobState === 'running') {
        return leaseRefused('superseded', `The lease is gone: ${why}, and attempt ${attempt.jobAttempt} has begun.`);
      }
      return leaseRefused('lease_expired', `The lease is gone: ${why}.`);
    }
  }
}

/** What becomes of a report of an attempt's end: it counts, it was already taken, or it is refused. */
export function judgeReport(attempt: LeasedAttempt, digest: string, nowMs: number): 'accept' | 'replay' | DomainError {
  const ended = attempt.outcome === 'success' || attempt.outcome === 'failure';
  if (ended && attempt.reportDigest === digest) return 'replay';
  return refusalOf(attempt, nowMs) ?? 'accept';
}

/** Whether logs can still be stored: while the lease lives, and until its time is up after a cancel. */
export function refusesLogs(attempt: LeasedAttempt, nowMs: number): DomainError | null {
  if (attempt.outcome === 'cancelled' && attempt.expiresAtMs > nowMs) return null;
  return refusalOf(attempt, nowMs);
}
