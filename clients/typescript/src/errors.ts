/** One place that is wrong with a request or a definition. */
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

/** The server answered, and the answer was no. */
export class WorkflowGraphError extends Error {
  override readonly name = 'WorkflowGraphError';
  /** The HTTP status. */
  readonly status: number;
  /** The server's word for the kind of error, such as `not_found`. */
  readonly code: string;
  /** Why a lease was refused: `lease_expired`, `superseded`, `completed`, `cancelled`, `unknown_lease`; else null. */
  readonly reason: string | null;
  /** Everything that was wrong with the request, when the server says so place by place. */
  readonly problems: readonly Problem[];

  constructor(init: WorkflowGraphErrorInit) {
    super(init.message);
    this.status = init.status;
    this.code = init.code;
    this.reason = init.reason ?? null;
    this.problems = init.problems ?? [];
  }
}

/** There was no answer: the server is away, or something between here and it is. Sending the call again may help. */
export class ServerUnreachableError extends Error {
  override readonly name = 'ServerUnreachableError';
  /** The system's word for what happened, such as `ECONNREFUSED`. */
  readonly code: string;

  constructor(serverUrl: string, code: string, cause: unknown) {
    super(`no answer from ${serverUrl} (${code})`, { cause });
    this.code = code;
  }
}

/** Whether the same call may succeed later: no answer, an overloaded or starting server, a proxy without its server. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof ServerUnreachableError) return true;
  return error instanceof WorkflowGraphError && (error.status >= 500 || error.status === 429 || error.status === 408);
}

/** Whether the server refused the caller itself: no token, a wrong one, or one without the right. */
export function isUnauthorised(error: unknown): error is WorkflowGraphError {
  return error instanceof WorkflowGraphError && (error.status === 401 || error.status === 403);
}

/** Throw it from an executor: the job failed, and another attempt may help. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}

/** Throw it from an executor: the job failed, and would fail again. No retry is made, whatever its retry policy says. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** One line about any thrown value. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return String(thrown);
}
