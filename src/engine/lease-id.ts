import { createHmac, hash } from 'node:crypto';
import type { Environment } from '../environment/environment.js';

/**
 * A lease id says where its attempt's row lies and carries a secret of 128 bits:
 * `<job row, base 36>-<attempt, base 36>-<secret, base64url>`. Only a hash of the secret is stored.
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
 * The secret of a lease that a repeated claim must get again. It is made from the claim's request id, which only the
 * claimant knows and which is stored as a hash, so that the server can give the same lease twice without storing it. Two
 * callers that happen to use one request id have different secrets: an attempt that one gave back, and the other claimed,
 * has the same number.
 */
export function repeatableSecret(requestId: string, credential: string | null, job: number, attempt: number): string {
  const lease = `${job}/${attempt}${credential === null ? '' : `/${credential}`}`;
  return createHmac('sha256', requestId).update(lease).digest().subarray(0, 16).toString('base64url');
}

export function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url').slice(0, 32);
}
