/** A schedule of a workflow. Times are Unix milliseconds. */
export interface Schedule {
  /** The workflow's id. */
  readonly workflow: string;
  /** Its own id, unique in its workflow. */
  readonly id: string;
  readonly cron: string;
  readonly timezone: string;
  /** The inputs of its runs, as the file has them. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly jitter_secs: number;
  /** `latest`, `all` or `none`. */
  readonly catch_up: string;
  readonly within_secs: number;
  /** `allow`, `skip`, `queue` or `cancel`. */
  readonly overlap: string;
  /** The next time that it is due; null while it is paused. */
  readonly next_at_ms: number | null;
  /** When the run of that time starts: later by a part of the jitter. */
  readonly next_start_ms: number | null;
  /** The last time that something became of; null before the first. */
  readonly last_at_ms: number | null;
  /** What became of it: `started`, `overlap`, `missed` or `refused`; empty before the first. */
  readonly last_outcome: string;
  readonly last_run_id: string | null;
  readonly last_error: string | null;
  /** Since when it is paused; null while it is not. */
  readonly paused_at_ms: number | null;
  /** The name of the token that it was paused with. */
  readonly paused_by: string | null;
  readonly pause_reason: string;
  /** What it does next and what it did last, in a sentence for people. */
  readonly explanation: string;
}

export interface SchedulePage {
  readonly schedules: readonly Schedule[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}
