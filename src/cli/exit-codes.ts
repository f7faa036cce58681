import { ServerUnreachableError, WorkflowGraphError } from '@workflow-graph/client';

/** What the program's exit status means. The table of docs/cli.md is checked against this one. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  serverAway: 3,
  refused: 4,
  notFound: 5,
  notAccepted: 6,
  diskFailed: 70,
  interrupted: 130,
  brokenPipe: 141,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code tells a script. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done; of a run that was waited for: it succeeded',
  failed: 'it failed; of a run that was waited for: it failed or was cancelled',
  usage: 'the command or a setting is written wrongly',
  serverAway: 'no server answers at the address',
  refused: 'the server wants a token, or the token may not do this',
  notFound: 'there is no such workflow, run or job',
  notAccepted: 'a definition or a request is not accepted, or the server could not do it',
  diskFailed: 'the disk of the server failed',
  interrupted: 'stopped by Ctrl-C or a signal',
  brokenPipe: 'what read the output went away',
};

/** The exit code for what a call to the server threw; null for what nobody expected. */
export function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof ServerUnreachableError) return exitCodes.serverAway;
  if (!(error instanceof WorkflowGraphError)) return null;
  if (error.status === 401 || error.status === 403) return exitCodes.refused;
  if (error.status === 404) return exitCodes.notFound;
  if (error.status === 502 || error.status === 503 || error.status === 504) return exitCodes.serverAway;
  return exitCodes.notAccepted;
}
