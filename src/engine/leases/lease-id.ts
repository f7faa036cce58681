import { createHmac } from 'node:crypto';
import type { Environment } from '../../environment/environment.js';
import { secretHash } from '../secret-hash.js';

/**
 * A lease id locates its attempt's row and carries a secret of 128 bits: `<job row, base 36>-<attempt, base
 * 36>-<secret, base64url>`. Only a hash of the secret is stored.
 */
export interface LeaseRef {
  readonly job: number;
  readonly attempt: number;
  readonly hash: string;
}

const pattern = /^([0-9a-z]{1,11})-([0-9a-z]{1,7})-([A-Za-z0-9_-]{22})$/;

export function makeLeaseId(job: number, attempt: number, secret: string): string {
  return `${job.toString(36)}-${attempt.toString(36)}-${secret}`;
}

/** Null for a text that cannot be a lease id. */
export function parseLeaseId(leaseId: string): LeaseRef | null {
  const [, job, attempt, secret] = pattern.exec(leaseId) ?? [];
  if (job === undefined || attempt === undefined || secret === undefined) return null;
  const row = Number.parseInt(job, 36);
  return Number.isSafeInteger(row)
    ? { job: row, attempt: Number.parseInt(attempt, 36), hash: secretHash(secret) }
    : null;
}

export function randomSecret(environment: Environment): string {
  return Buffer.from(environment.randomBytes(16)).toString('base64url');
}

/**
 * The lease secret of a repeatable claim. It is derived from the claim's request id, which only the claimant knows and
 * the server stores as a hash. So a repeated claim gets the same lease, and the lease itself is never stored. The
 * credential is part of the derivation: two callers may use the same request id, and an attempt that one released and
 * the other claimed has the same number.
 */
export function repeatableSecret(requestId: string, credential: string | null, job: number, attempt: number): string {
  const lease = `${job}/${attempt}${credential === null ? '' : `/${credential}`}`;
  return createHmac('sha256', requestId).update(lease).digest().subarray(0, 16).toString('base64url');
}
