import type { Problem } from './problem.js';

/** Why a report under a lease was refused. */
export type LeaseRefusal = 'lease_expired' | 'superseded' | 'completed' | 'cancelled' | 'unknown_lease';

/**
 * What can go wrong in a way that a caller can understand and act on. One table in the API edge maps each code to an RPC
 * code and an HTTP status.
 */
export type ErrorCode =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'invalid_definition'
  | 'rate_limited'
  | 'unavailable'
  | 'damaged';

/** An expected refusal: it names the thing, the place and, where there is one, the way out. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  /** Only for `conflict`. */
  readonly reason: LeaseRefusal | null;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    more: { reason?: LeaseRefusal; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'DomainError';
    this.code = code;
    this.reason = more.reason ?? null;
    this.problems = more.problems ?? [];
  }
}

export function notFound(what: string): DomainError {
  return new DomainError('not_found', `${what} does not exist`);
}

export function leaseRefused(reason: LeaseRefusal, message: string): DomainError {
  return new DomainError('conflict', message, { reason });
}
