import type { Generated } from 'kysely';
import type { JobState } from '../../domain/states.js';

/** A job in a run. */
export interface JobTable {
  id: number;
  label_set: number;
  priority: number;
  state: JobState;
  conditional: number;
  /** Needs that have not ended. */
  pending: number;
  /** Needs that ended without success. */
  bad: number;
  /** The number of the running, next or last attempt. */
  attempt: number;
  /** When it last became claimable, or reached the gate that holds it. */
  enqueued_at_ms: number | null;
  /** Until when its retry is delayed; kept while the retry runs. */
  delayed_until_ms: number | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  error: string | null;
  outputs: string | null;
  /** Its evaluated name; null when its definition fixes it. */
  name: string | null;
  /**
   * Whether its end was propagated to its dependents; see `settledState`.
   */
  settled: number;
  /** The generation of the run in which it was last reset; 1 when it never was. */
  generation: Generated<number>;
  /** The first attempt that counts toward its retries: that of its generation. */
  budget_from: Generated<number>;
  /** 1: it failed, and its failure counts as success for its run and its dependents. */
  tolerated: Generated<number>;
  /**
   * The gate that holds it; if none does, the last that it passed. Null for a job without gates, and one that is reset.
   */
  gate: Generated<number | null>;
  /** The gates that it passes, in order, as JSON; see `readPlaces`. Null when there are none. */
  places: Generated<string | null>;
  /** How long it may be claimable or held; null for no limit, and before its needs have ended. */
  queue_timeout_ms: Generated<number | null>;
  /** While it is claimable or held: when it fails. Means nothing in any other state. */
  due_at_ms: Generated<number | null>;
  /** Of a child: the ordinal of its node, its index, and its values as JSON. */
  group_ord: Generated<number | null>;
  idx: Generated<number | null>;
  matrix: Generated<string | null>;
}

/** The children of a job with a matrix, counted. Its row comes with the combinations, and stays until the job waits again. */
export interface MatrixTable {
  job: number;
  total: number;
  /** Children that have not ended, those that are not made yet included. */
  open: number;
  failed: number;
  cancelled: number;
  fail_fast: number;
  /** The index of the first child that is not made yet; null when all are. */
  expand_from: number | null;
  /** Of children that wait after a re-run: up to which they are decided. */
  decide_from: number | null;
  /** Up to which children are cancelled, by a cancel of the run or by `fail_fast`. */
  cancel_from: number | null;
  /** 1: a mark is set, or all children have ended and the job has not. */
  to_do: number;
  /** As JSON, until all children are made. */
  combinations: string | null;
}

/**
 * - `propagated`: it has not ended, or its dependents know of its end;
 * - `pending`: it has ended, and the next transaction that continues cascades propagates that;
 * - `held`: it was cancelled; its end propagates when its attempt has stopped, or when what it needs itself has.
 */
export const settledState = { pending: 0, propagated: 1, held: 2 } as const;
