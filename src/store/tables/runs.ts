import type { Generated } from 'kysely';
import type { EventType } from '../../domain/events.js';
import type { RunState, RunTrigger } from '../../domain/states.js';

/** One execution of a version. */
export interface RunTable {
  no: Generated<number>;
  id: string;
  workflow: number;
  version: number;
  state: RunState | 'creating';
  inputs: string;
  request_hash: string | null;
  job_count: number;
  open: number;
  failed: number;
  cancelled: number;
  created_at_ms: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  cancel_requested_at_ms: number | null;
  /** Whether a forced cancel ended the clean-up jobs too. */
  cancel_forced: number;
  /** The request that first cancelled it; null when that had no id. */
  cancel_request_hash: string | null;
  /** Of a large run: the first ordinal whose roots are not queued yet. Null when all are. */
  activate_from: number | null;
  /** Of a large run: the first ordinal that a cancel has not reached. Null when it has. */
  cancel_from: number | null;
  /** 1: its logs were pruned. */
  logs_pruned: Generated<number>;
  /** The trace that it was started within, as a `traceparent` header; null when there is none. */
  traceparent: string | null;
  /** The id of the token that started it; null when there was none. */
  started_by: string | null;
  /** From 1; each re-run of its jobs adds one. */
  generation: Generated<number>;
  /**
   * Of a large re-run: the position, in the list of its jobs, of the first that is not reset yet. Null when all are.
   */
  rerun_from: Generated<number | null>;
  /** The run that it repeats; null when there is none. */
  rerun_of: Generated<string | null>;
  /** The gate of its group; null when it has none. A run keeps it after its end, for a re-run. */
  gate: Generated<number | null>;
  /** Places of its gate according to its version. */
  gate_max: Generated<number | null>;
  /** 1: it waits at its gate, and none of its jobs is claimable. */
  held: Generated<number>;
  /** Since when it waits at its gate or, once admitted, has a place there. */
  gate_since_ms: Generated<number | null>;
  /** 1: it waits, and the runs that have the places are cancelled for it. */
  gate_cancels: Generated<number>;
  /** Its evaluated `run-name`; null when its workflow has none. */
  name: Generated<string | null>;
  /** What started it. */
  trigger: Generated<RunTrigger>;
  /** The id of the schedule that started it, and the scheduled time; null for other runs. */
  schedule: Generated<string | null>;
  scheduled_at_ms: Generated<number | null>;
  /** The backfill that started it; null for other runs. */
  backfill: Generated<number | null>;
  /**
   * The server variables that its version names, as they were when it started: names to values, as JSON. Null for none.
   */
  vars: Generated<string | null>;
  /** How long it may take; null for no limit. */
  timeout_ms: Generated<number | null>;
  /** When it is cancelled, or its clean-up jobs are; null before its first job, after its end, and without a timeout. */
  deadline_ms: Generated<number | null>;
  /** 1: it was cancelled because it took longer than its timeout. */
  timed_out: Generated<number>;
  /** 1: it has ended, and its row of `run_figures` was written. A server of an older version writes none. */
  has_figures: Generated<number>;
}

/** What statistics count of a run, written when it ends. */
export interface RunFiguresTable {
  run: number;
  workflow: number;
  ended_at_ms: number;
  state: RunState;
  /** From its first job to its end, and from its start to its first job; null when none began, and after a re-run. */
  duration_ms: number | null;
  waiting_ms: number | null;
  /** Its first jobs that succeeded or failed, as JSON; see `readJobFigures`. */
  jobs: string;
}

/** A re-run of jobs of a run. */
export interface RerunTable {
  run: number;
  /** The generation of the run that it began. */
  generation: number;
  at_ms: number;
  /** The id of the requesting token; null when there was none. */
  requested_by: string | null;
  request_hash: string | null;
  /** The ordinals of the requested jobs, and of those that run again because they need them; see `ordinalRanges`. */
  chosen: string;
  following: string;
}

/** A change of state. Numbers grow by one in the order of commits. */
export interface EventTable {
  number: number;
  at_ms: number;
  type: EventType;
  run: number | null;
  job: number | null;
  attempt: number | null;
  data: string | null;
}
