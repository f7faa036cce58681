/** One problem of a request or a definition. */
export interface Problem {
  readonly message: string;
  /** The path of the field, such as `jobs.build.needs`; empty when unknown. */
  readonly field: string;
  /** The job's key, for a definition; empty when unknown. */
  readonly job: string;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
}

export interface WorkflowGraphErrorInit {
  readonly status: number;
  readonly code: string;
  readonly reason?: string | null;
  readonly message: string;
  readonly problems?: readonly Problem[];
}

/** The server refused the call. */
export class WorkflowGraphError extends Error {
  override readonly name = 'WorkflowGraphError';
  /** The HTTP status. */
  readonly status: number;
  /** The server's error code, such as `not_found`. */
  readonly code: string;
  /** Why a lease was refused: `lease_expired`, `superseded`, `completed`, `cancelled`, `unknown_lease`; else null. */
  readonly reason: string | null;
  /** All problems of the request, if the server lists them. */
  readonly problems: readonly Problem[];

  constructor(init: WorkflowGraphErrorInit) {
    super(init.message);
    this.status = init.status;
    this.code = init.code;
    this.reason = init.reason ?? null;
    this.problems = init.problems ?? [];
  }
}

/** There was no response: the server, or something on the way to it, is unavailable. A retry can help. */
export class ServerUnreachableError extends Error {
  override readonly name = 'ServerUnreachableError';
  /** The system's error code, such as `ECONNREFUSED`. */
  readonly code: string;

  constructor(serverUrl: string, code: string, cause: unknown) {
    super(`no answer from ${serverUrl} (${code})`, { cause });
    this.code = code;
  }
}

/** Whether a retry can succeed: no response, an overloaded or starting server, a proxy without its server. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof ServerUnreachableError) return true;
  return error instanceof WorkflowGraphError && (error.status >= 500 || error.status === 429 || error.status === 408);
}

/** Whether the server refused the caller: no token, an invalid one, or one without the required scope. */
export function isUnauthorised(error: unknown): error is WorkflowGraphError {
  return error instanceof WorkflowGraphError && (error.status === 401 || error.status === 403);
}

interface FailureOptions extends ErrorOptions {
  /** The exit code of the failed command, from 0 to 255; null if there is none. */
  readonly exitCode?: number | null;
}

/** An executor throws it when the job failed and another attempt can help. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly exitCode: number | null;

  constructor(message?: string, { exitCode = null, ...options }: FailureOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/**
 * An executor throws it when the job failed and would fail again. The job is not retried, whatever its retry policy is.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly exitCode: number | null;

  constructor(message?: string, { exitCode = null, ...options }: FailureOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** One line about any thrown value. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return String(thrown);
}
