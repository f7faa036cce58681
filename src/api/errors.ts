import { Code } from '@connectrpc/connect';
import { type ConflictReason, DomainError, type ErrorCode } from '../domain/errors.js';
import type { Problem } from '../domain/problem.js';

/** Every code that a caller can see: those of the domain, and those of the edges. */
export type ApiErrorCode =
  | ErrorCode
  | 'cancelled'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'unsupported_media_type'
  | 'expectation_failed'
  | 'unimplemented'
  | 'internal';

interface Meaning {
  readonly connect: Code;
  readonly status: number;
}

/** Each code on each protocol. `status` is that of the documented JSON paths. */
const meanings: Readonly<Record<ApiErrorCode, Meaning>> = {
  malformed: { connect: Code.InvalidArgument, status: 400 },
  unauthenticated: { connect: Code.Unauthenticated, status: 401 },
  forbidden: { connect: Code.PermissionDenied, status: 403 },
  not_found: { connect: Code.NotFound, status: 404 },
  method_not_allowed: { connect: Code.Unimplemented, status: 405 },
  request_timeout: { connect: Code.DeadlineExceeded, status: 408 },
  conflict: { connect: Code.Aborted, status: 409 },
  too_large: { connect: Code.ResourceExhausted, status: 413 },
  unsupported_media_type: { connect: Code.InvalidArgument, status: 415 },
  expectation_failed: { connect: Code.InvalidArgument, status: 417 },
  invalid_definition: { connect: Code.InvalidArgument, status: 422 },
  invalid_inputs: { connect: Code.InvalidArgument, status: 422 },
  group_full: { connect: Code.Aborted, status: 409 },
  group_queue_full: { connect: Code.ResourceExhausted, status: 429 },
  rate_limited: { connect: Code.ResourceExhausted, status: 429 },
  // No caller is left to read it.
  cancelled: { connect: Code.Canceled, status: 499 },
  internal: { connect: Code.Internal, status: 500 },
  damaged: { connect: Code.DataLoss, status: 500 },
  unimplemented: { connect: Code.Unimplemented, status: 501 },
  unavailable: { connect: Code.Unavailable, status: 503 },
};

/** An error in the form that every protocol can write. Its message is for the caller. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly reason: ConflictReason | null;
  readonly problems: readonly Problem[];

  constructor(
    code: ApiErrorCode,
    message: string,
    more: { reason?: ConflictReason | null; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.reason = more.reason ?? null;
    this.problems = more.problems ?? [];
  }

  get status(): number {
    return meanings[this.code].status;
  }

  get connectCode(): Code {
    return meanings[this.code].connect;
  }
}

/** The challenge that the protocol requires with 401. */
export const authenticateChallenge = 'Bearer realm="workflow-graph"';

/**
 * Converts an error for the caller. An unexpected error is a bug: the caller gets a fixed sentence and the request's
 * id, and `onBug` gets the error with its stack.
 */
export function toApiError(error: unknown, requestId: string, onBug: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof DomainError) {
    const { code, message, reason, problems } = error;
    return new ApiError(code, message, { reason, problems, cause: error });
  }
  onBug(error);
  return new ApiError('internal', `internal error; the server's log has the details under request ${requestId}`, {
    cause: error,
  });
}

/** Seconds after which the caller should retry; null for errors that do not pass by themselves. */
export function retryAfterSecs(code: ApiErrorCode): number | null {
  return code === 'unavailable' ? 1 : null;
}

/** The body of an error on the documented JSON paths. */
export function errorJson(error: ApiError): string {
  return JSON.stringify({
    code: error.code,
    message: error.message,
    ...(error.reason === null ? {} : { reason: error.reason }),
    ...(error.problems.length === 0 ? {} : { details: error.problems.map(detailJson) }),
  });
}

function detailJson({ message, field, job, line, column }: Problem) {
  return { message, field, job, line, column };
}
