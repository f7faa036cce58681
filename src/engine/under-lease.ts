import { type DomainError, leaseRefused } from '../domain/errors.js';
import { holderOf, type LeasedAttempt } from '../domain/lease.js';
import { type AttemptRow, attemptsByLease } from '../store/statements/attempts.js';
import type { Batch } from './batch.js';
import type { EngineContext } from './context.js';
import type { Caller } from './engine.js';
import { type LeaseRef, parseLeaseId } from './lease-id.js';

/** A message under a lease, as its verb received it. */
export interface UnderLease {
  readonly lease: LeaseRef;
  readonly credential: string | null;
  readonly receivedAtMs: number;
}

/** What a verb knows of a message under a lease. Errors: `unknown_lease` for what cannot be a lease id. */
export function underLease(context: EngineContext, caller: Caller, leaseId: string): UnderLease {
  const lease = parseLeaseId(leaseId);
  if (lease === null) throw leaseRefused('unknown_lease', 'No such lease: this is not a lease id of this server.');
  return { lease, credential: caller.credential, receivedAtMs: context.environment.now() };
}

export function jobOfLease({ lease }: UnderLease): number[] {
  return [lease.job];
}

/** The attempts that messages are about, by their leases. */
export async function attemptsOf(batch: Batch, messages: readonly UnderLease[]): Promise<(AttemptRow | null)[]> {
  const rows = await attemptsByLease.run(batch.connection, {
    rows: messages.map(({ lease }) => [lease.job, lease.attempt]),
  });
  const byLease = new Map(rows.map((row) => [`${row.job}/${row.number}`, row]));
  return messages.map(({ lease }) => byLease.get(`${lease.job}/${lease.attempt}`) ?? null);
}

/** The row as the domain judges it, when the message is its holder's; else the refusal. */
export function judged(row: AttemptRow | null, message: UnderLease): LeasedAttempt | DomainError {
  return holderOf(row === null ? null : leasedAttempt(row), {
    leaseHash: message.lease.hash,
    credential: message.credential,
    receivedAtMs: message.receivedAtMs,
  });
}

/** A row as the domain judges it. */
export function leasedAttempt(row: AttemptRow): LeasedAttempt {
  return {
    number: row.number,
    credential: row.credential,
    leaseHash: row.lease_hash,
    expiresAtMs: row.expires_at_ms,
    timeoutAtMs: row.timeout_at_ms,
    outcome: row.outcome,
    reportDigest: row.report_digest,
    jobState: row.job_state,
    jobAttempt: row.job_attempt,
  };
}

/**
 * The refusal, as the answer to a message. When only the clock says that the lease is gone, the attempt is to end with the
 * same commit: who was told so must not find it alive after a crash, when live leases get their time again.
 */
export function refusedBy(
  refusal: DomainError,
  batch: Batch,
  { outcome }: LeasedAttempt,
  { lease }: UnderLease,
): DomainError {
  if (outcome === null) batch.ranOut.push([lease.job, lease.attempt]);
  return refusal;
}
