import type { Process } from '../process.js';
import type { ModelAttempt } from './states.js';

/** A report of an attempt's end, as it came to a server. */
export interface Report {
  readonly kind: 'success' | 'failure';
  readonly outputs: ReadonlyMap<string, string>;
  /** Unique in its world, so that the stored error tells which report was taken. */
  readonly error: string;
  readonly retryable: boolean;
  readonly exitCode: number | null;
  /** Output lines of the log that were acknowledged before the report came, and those that may have been stored. */
  readonly printed: ReadonlyMap<string, string>;
  perhapsPrinted: ReadonlyMap<string, string>;
  /** How many calls said that it counts. */
  accepted: number;
}

interface Chunk {
  /** What was sent under this number; a worker that lies sends more than one text. */
  readonly texts: Set<string>;
  isStored: boolean;
}

/** A lease that somebody was told of, and what was done under it. */
export interface Lease {
  readonly id: string;
  readonly attempt: ModelAttempt;
  readonly credential: string | null;
  readonly ttlMs: number;
  readonly isPushed: boolean;
  /** It lives at least until then, and at most until then, by the clock that judges. */
  sureUntilMs: number;
  perhapsUntilMs: number;
  /** The same of its timeout; null without one. */
  timeoutAtMs: { sure: number; perhaps: number } | null;
  /** By what was reported. */
  readonly reports: Map<string, Report>;
  /** By sequence and stream. */
  readonly chunks: Map<string, Chunk>;
  renewalsSent: number;
  /** At which servers a renewal is under way, so that nobody knows for how long it lives. */
  readonly renewing: Set<{ readonly at: Process }>;
  renewalsAnswered: number;
  releasesSent: number;
  /** When the first call came that was told that its time is over; null when none was. */
  toldOverAtMs: number | null;
  /** When the server was told that the pushed job had arrived; null: never. */
  arrivedAtMs: number | null;
  /** Whether the server that was told of it has been well since. */
  isArrivalSafe: () => boolean;
}

/** Whether its worker is to stop it for this reason, or was while it lived. */
export function isToStop({ attempt, timeoutAtMs }: Lease, reason: 'cancelled' | 'timed_out', nowMs: number): boolean {
  if (reason === 'cancelled') return attempt.stop?.reason === 'cancelled';
  return (
    attempt.stop !== null || attempt.outcome === 'timed_out' || (timeoutAtMs !== null && timeoutAtMs.sure <= nowMs)
  );
}

export function digestOf(
  kind: Report['kind'],
  outputs: ReadonlyMap<string, string>,
  error: string,
  retryable: boolean,
  exitCode: number | null,
) {
  if (kind === 'failure') return `failure ${error} ${retryable} ${exitCode}`;
  const sorted = [...outputs].sort(([a], [b]) => (a < b ? -1 : 1));
  return `success ${JSON.stringify(sorted)}`;
}

/** How long a pushed job waits for its worker's confirmation that it has arrived. */
const arrivalMs = 5_000;

/** A confirmation that comes this shortly before the end of that time may still be stored too late. */
const writeMs = 400;

/** When the time of a pushed job to arrive is over. */
export function arriveByMs(attempt: ModelAttempt, lease: Lease): number {
  const timeoutMs = (attempt.job.def.timeoutSecs ?? Number.POSITIVE_INFINITY) * 1000;
  return attempt.claimedAtMs + Math.min(arrivalMs, lease.ttlMs, timeoutMs);
}

/** Whether the server certainly stored in time that a pushed job had arrived. */
export function hasArrivedInTime(attempt: ModelAttempt, lease: Lease): boolean {
  const isInTime = lease.arrivedAtMs !== null && lease.arrivedAtMs < arriveByMs(attempt, lease) - writeMs;
  return isInTime && lease.isArrivalSafe();
}
