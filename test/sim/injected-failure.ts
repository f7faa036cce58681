/** A failure that the simulation made: a caller may see it, and nothing may be changed by what it failed. */
export class InjectedFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

/** Whether an error, or what caused it, was made by the simulation. */
export function isInjected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof InjectedFailure) return true;
  return false;
}
