import { ServerUnreachableError, WorkflowGraphError } from '#client';
import { type ExitCode, exitCodes } from './exit-codes.js';

/** The exit code for an error of a call to the server; null for an unexpected error. */
export function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof ServerUnreachableError) return exitCodes.serverAway;
  if (!(error instanceof WorkflowGraphError)) return null;
  if (error.status === 401 || error.status === 403) return exitCodes.refused;
  if (error.status === 404) return exitCodes.notFound;
  if (error.status === 502 || error.status === 503 || error.status === 504) return exitCodes.serverAway;
  return exitCodes.notAccepted;
}
