import type { Generated } from 'kysely';
import type { AttemptOutcome, StopReason } from '../../domain/lease.js';

/** One try of a job, and the lease on it. */
export interface AttemptTable {
  job: number;
  number: number;
  worker_id: string;
  credential: string | null;
  lease_hash: string;
  request_hash: string | null;
  ttl_ms: number;
  claimed_at_ms: number;
  expires_at_ms: number;
  timeout_at_ms: number | null;
  /** When it is due unless it is reported: the earlier of its end and its timeout, or `stop_by_ms`. */
  deadline_ms: number;
  /** Why its worker must stop it, and until when the server waits for its report; null while it need not. */
  stop_reason: Generated<StopReason | null>;
  stop_by_ms: Generated<number | null>;
  outcome: AttemptOutcome | null;
  ended_at_ms: number | null;
  /** Digest of the report, so that a repeated report gets the same answer. */
  report_digest: string | null;
  error: string | null;
  /** Exit code of its command, if its worker reported one. */
  exit_code: Generated<number | null>;
  /** Size of its stored log in UTF-8. */
  log_bytes: number;
  /** What short chunks count toward the cap besides their bytes. */
  log_padding: Generated<number>;
  /** The dropped middle of the log, as the JSON of a `LogGap`; null when nothing was dropped. */
  log_gap: string | null;
  /** State of the scan for outputs after the dropped stdout; see `outputLines`. Null when none was dropped. */
  log_gap_outputs: string | null;
  /** Whether its stdout may hold `::set-output` lines. */
  has_output_lines: number;
  /** 0: it was pushed to a worker that has not confirmed its arrival; without confirmation the attempt is deleted. */
  received: number;
}

export interface LogChunkTable {
  job: number;
  attempt: number;
  sequence: number;
  stream: number;
  at_ms: number;
  data: string;
}
