import type { Generated } from 'kysely';

/** One schedule of the current version of a workflow. */
export interface ScheduleTable {
  workflow: number;
  /** As in the file. */
  id: string;
  /** The JSON of a `Schedule`. */
  spec: string;
  /** The first unhandled slot, and when its run starts; null while it is paused. */
  next_slot_ms: number | null;
  due_at_ms: number | null;
  /** The last handled slot, and its result; null when there was none. */
  last_slot_ms: number | null;
  /**
   * - `started`: `last_run` is its run
   * - `overlap`: it was skipped, because `last_run` had not ended
   * - `missed`: no server took it in time
   * - `refused`: its run could not start; `last_error` says why
   */
  last_outcome: 'started' | 'overlap' | 'missed' | 'paused' | 'refused' | null;
  last_run: string | null;
  last_error: string | null;
  paused_at_ms: number | null;
  /** The id of the token that paused it. */
  paused_by: string | null;
  pause_reason: string | null;
}

/** Starts runs for past times of a schedule. It ends with its last slot, or when it is cancelled. */
export interface BackfillTable {
  no: Generated<number>;
  id: string;
  workflow: number;
  schedule: string;
  /** The JSON of the `Schedule` as it was when the backfill was created. */
  spec: string;
  from_ms: number;
  to_ms: number;
  newest_first: number;
  /** 1: slots that have a run get another one. */
  again: number;
  max_live: number;
  /** The slots in the order in which they are taken, as a JSON array of times. */
  slots: string;
  total: number;
  /** Slots that were taken or skipped. */
  position: Generated<number>;
  started: Generated<number>;
  skipped: Generated<number>;
  refused: Generated<number>;
  last_error: string | null;
  created_at_ms: number;
  /** The id of the token that created it. */
  created_by: string | null;
  ended_at_ms: Generated<number | null>;
  cancelled: Generated<number>;
}
