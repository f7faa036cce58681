import { type DomainError, leaseRefused } from '../../domain/errors.js';
import { holderOf, type LeasedAttempt } from '../../domain/lease.js';
import { type AttemptRow, attemptsByLease } from '../../store/statements/attempts.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import { type LeaseRef, parseLeaseId } from './lease-id.js';

/** A message under a lease, as its verb received it. */
export interface LeaseMessage {
  readonly lease: LeaseRef;
  readonly credential: string | null;
  readonly receivedAtMs: number;
}

/** Parses what a verb knows of a message under a lease. Errors: `unknown_lease` for what cannot be a lease id. */
export function leaseMessage(context: EngineContext, caller: Caller, leaseId: string): LeaseMessage {
  const lease = parseLeaseId(leaseId);
  if (lease === null) throw leaseRefused('unknown_lease', 'No such lease: this is not a lease id of this server.');
  return { lease, credential: caller.credential, receivedAtMs: context.environment.now() };
}

export function jobOfLease({ lease }: LeaseMessage): number[] {
  return [lease.job];
}

/** The attempts of the messages, by their leases. */
export async function attemptsOf(batch: Batch, messages: readonly LeaseMessage[]): Promise<(AttemptRow | null)[]> {
  const rows = await attemptsByLease.run(batch.connection, {
    rows: messages.map(({ lease }) => ({ job: lease.job, number: lease.attempt })),
  });
  const byLease = new Map(rows.map((row) => [`${row.job}/${row.number}`, row]));
  return messages.map(({ lease }) => byLease.get(`${lease.job}/${lease.attempt}`) ?? null);
}

/** The row in the form of the domain, when the message comes from its holder; else the refusal. */
export function checkHolder(row: AttemptRow | null, message: LeaseMessage): LeasedAttempt | DomainError {
  return holderOf(row === null ? null : leasedAttempt(row), {
    leaseHash: message.lease.hash,
    credential: message.credential,
    receivedAtMs: message.receivedAtMs,
  });
}

/** A row in the form of the domain. */
export function leasedAttempt(row: AttemptRow): LeasedAttempt {
  return {
    number: row.number,
    credential: row.credential,
    leaseHash: row.lease_hash,
    expiresAtMs: row.expires_at_ms,
    timeoutAtMs: row.timeout_at_ms,
    stop:
      row.stop_reason === null || row.stop_by_ms === null ? null : { reason: row.stop_reason, byMs: row.stop_by_ms },
    outcome: row.outcome,
    reportDigest: row.report_digest,
    jobState: row.job_state,
    jobAttempt: row.job_attempt,
  };
}

/**
 * Refuses a message. When only the clock says that the lease is gone, the same commit ends the attempt. Otherwise a
 * crash could revive it: a restart extends live leases, and this caller already has the refusal.
 */
export function refuse(
  refusal: DomainError,
  batch: Batch,
  { outcome }: LeasedAttempt,
  { lease }: LeaseMessage,
): DomainError {
  if (outcome === null) batch.reportedExpired.push({ job: lease.job, number: lease.attempt });
  return refusal;
}
