import type { Problem } from './problem.js';

/** Why a report under a lease was refused. */
export type LeaseRefusal = 'lease_expired' | 'superseded' | 'completed' | 'cancelled' | 'unknown_lease';

/** Why a change is refused that conflicts with what is running. */
export type ConflictReason = LeaseRefusal | 'job_running' | 'dependant_running';

/** Whether a report or renewal was refused because of its lease. */
export function isLeaseRefusal(reason: ConflictReason | null): reason is LeaseRefusal {
  return reason !== null && reason !== 'job_running' && reason !== 'dependant_running';
}

/**
 * Errors that a caller can understand and act on. One table in the API edge maps each code to an RPC code and an HTTP
 * status.
 */
export type ErrorCode =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'invalid_definition'
  | 'invalid_inputs'
  | 'group_full'
  | 'group_queue_full'
  | 'rate_limited'
  | 'unavailable'
  | 'damaged';

/** An expected refusal: it names the thing, the place and, if there is one, the way out. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  /** Only for `conflict`. */
  readonly reason: ConflictReason | null;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    more: { reason?: ConflictReason; problems?: readonly Problem[]; cause?: unknown } = {},
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
