import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorDetailSchema, ErrorReason, type Problem } from '../../gen/workflowgraph/v1/types_pb.js';

export interface Failure {
  /** What went wrong, in a few words. */
  readonly title: string;
  /** The server's sentence. */
  readonly sentence: string;
  /** A remedy; empty if the sentence has it. */
  readonly wayOut: string;
  readonly code: string;
  readonly retryable: boolean;
}

/** An error of a call for display: the server's sentence, and a remedy. */
export function describeFailure(error: unknown): Failure {
  const from = ConnectError.from(error);
  const code = Code[from.code] ?? 'Unknown';
  const base = { sentence: from.rawMessage, code, wayOut: '', retryable: false };
  switch (from.code) {
    case Code.NotFound:
      return {
        ...base,
        title: 'Not found',
        wayOut: 'Runs are deleted after a while; the list of runs shows those that are kept.',
      };
    case Code.Unauthenticated:
      return { ...base, title: 'Signed out', wayOut: 'Sign in with a token.' };
    case Code.PermissionDenied:
      return { ...base, title: 'No permission', wayOut: 'Sign in with a token that has the scope.' };
    case Code.InvalidArgument:
      return { ...base, title: 'Not accepted' };
    case Code.ResourceExhausted:
      return { ...base, title: 'Too many requests', retryable: true };
    default:
      return isUnreachable(error)
        ? {
            ...base,
            title: 'No answer from the server',
            wayOut: 'Check that it runs, then try again.',
            retryable: true,
          }
        : { ...base, title: 'The server failed', wayOut: 'Its log says more.', retryable: true };
  }
}

/** The problems of a request, one entry for each place. */
export function problemsOf(error: unknown): readonly Problem[] {
  return ConnectError.from(error).findDetails(ErrorDetailSchema)[0]?.problems ?? [];
}

/** Whether a re-run is refused because jobs that it would run again, or their dependents, are running. */
export function isRefusedByRunning(error: unknown): boolean {
  const reason = ConnectError.from(error).findDetails(ErrorDetailSchema)[0]?.reason;
  return reason === ErrorReason.JOB_RUNNING || reason === ErrorReason.DEPENDANT_RUNNING;
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ConnectError && (error.code === Code.Unavailable || error.cause instanceof TypeError);
}
