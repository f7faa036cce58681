/** Why a server wants a job stopped. */
export type StopReason = 'cancelled' | 'timed_out';

/** A server's wish that a job stop. */
export interface Stop {
  readonly reason: StopReason;
  /** How long the server waits for the report, in seconds; null from a server that does not say. */
  readonly withinSecs: number | null;
}

/**
 * How long a job's processes may take to end before they are killed, so that everything is gone and reported while the server
 * still waits.
 */
export function stopGraceMs(ownGraceMs: number, withinSecs: number | null | undefined): number {
  if (!withinSecs) return ownGraceMs;
  return Math.min(ownGraceMs, Math.max(withinSecs / 2, withinSecs - 2) * 1000);
}
