/** Runs for past times of a schedule. Times are Unix milliseconds. */
export interface Backfill {
  /** Empty for one that was only counted. */
  readonly id: string;
  readonly workflow: string;
  readonly schedule: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly max_live: number;
  /** `oldest` or `newest`. */
  readonly order: string;
  /** Whether times that have a run get another one. */
  readonly again: boolean;
  /** Its times, and how many of them were handled so far: `started` + `skipped` + `refused`. */
  readonly total: number;
  readonly handled: number;
  readonly started: number;
  readonly skipped: number;
  readonly refused: number;
  readonly last_error: string | null;
  /** Its runs that have not ended. */
  readonly live: number;
  readonly created_at_ms: number;
  /** The name of the token that created it. */
  readonly created_by: string | null;
  /** When it handled its last time, or was cancelled; null while it is active. */
  readonly ended_at_ms: number | null;
  readonly cancelled: boolean;
}
