import { Code } from '@connectrpc/connect';
import { DomainError, type ErrorCode, type LeaseRefusal } from '../domain/errors.js';
import type { Problem } from '../domain/problem.js';

/** Every code that a caller can see: those of the domain, and those that only an edge knows. */
export type ApiErrorCode =
  | ErrorCode
  | 'cancelled'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'unsupported_media_type'
  | 'unimplemented'
  | 'internal';

interface Meaning {
  readonly connect: Code;
  readonly status: number;
}

/** What each code is on each protocol. `status` is that of the documented JSON paths. */
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
  invalid_definition: { connect: Code.InvalidArgument, status: 422 },
  rate_limited: { connect: Code.ResourceExhausted, status: 429 },
  // Nobody is there any more to read it.
  cancelled: { connect: Code.Canceled, status: 499 },
  internal: { connect: Code.Internal, status: 500 },
  damaged: { connect: Code.DataLoss, status: 500 },
  unimplemented: { connect: Code.Unimplemented, status: 501 },
  unavailable: { connect: Code.Unavailable, status: 503 },
};

/** A refusal, ready to be written on any protocol. Its message is for the caller. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly reason: LeaseRefusal | null;
  readonly problems: readonly Problem[];

  constructor(
    code: ApiErrorCode,
    message: string,
    more: { reason?: LeaseRefusal | null; problems?: readonly Problem[]; cause?: unknown } = {},
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

/** What the protocol says of 401: how to present a credential. */
export const authenticateChallenge = 'Bearer realm="workflow-graph"';

/**
 * The refusal that an error means to the caller. What nobody expected is a bug: the caller gets a fixed sentence and the
 * request's id, and `onBug` gets the error with its stack.
 */
export function toApiError(error: unknown, requestId: string, onBug: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof DomainError) {
    const { code, message, reason, problems } = error;
    return new ApiError(code, message, { reason, problems, cause: error });
  }
  onBug(error);
  return new ApiError(
    'internal',
    `something went wrong in the server; the log has the details under request ${requestId}`,
    {
      cause: error,
    },
  );
}

/** In how many seconds the caller should come again, for what passes by itself. */
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
