import type { AttemptRow } from '../../store/statements/attempts.js';

/** The error of an attempt that has timed out. */
export function timedOutText({ timeout_at_ms, claimed_at_ms }: AttemptRow): string {
  return `timed out after ${seconds((timeout_at_ms ?? claimed_at_ms) - claimed_at_ms)}`;
}

/** The same with the worker's report, unless that adds nothing. */
export function timedOutAndReportedText(
  attempt: AttemptRow,
  end: { readonly kind: 'success' } | { readonly kind: 'failure'; readonly error: string },
): string {
  const text = timedOutText(attempt);
  if (end.kind === 'success') return `${text}; its worker reported success after that`;
  const reported = end.error.trim();
  return reported === '' || reported === text ? text : `${text}; its worker reported: ${reported}`;
}

export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
