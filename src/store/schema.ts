import type { Generated } from 'kysely';
import type { EventType } from '../domain/events.js';
import type { PauseKind } from '../domain/gates/pause.js';
import type { AttemptOutcome, StopReason } from '../domain/lease.js';
import type { JobState, RunState, RunTrigger } from '../domain/states.js';

/**
 * The tables. Times are Unix milliseconds, JSON is text, booleans are 0 and 1.
 *
 * A job's row id is `run × 2^20 + ordinal`: the run, the ordinal and the row follow from one another without a lookup,
 * and the jobs of a run are adjacent.
 */
export interface Schema {
  meta: { key: string; value: string };
  counters: { name: string; value: number };
  workflows: WorkflowTable;
  versions: VersionTable;
  version_jobs: VersionJobTable;
  version_texts: VersionTextTable;
  version_edges: { version: number; from_ord: number; to_ord: number };
  label_sets: { id: Generated<number>; labels: string };
  runs: RunTable;
  run_figures: RunFiguresTable;
  reruns: RerunTable;
  schedules: ScheduleTable;
  backfills: BackfillTable;
  variables: VariableTable;
  pauses: PauseTable;
  jobs: JobTable;
  attempts: AttemptTable;
  log_chunks: LogChunkTable;
  events: EventTable;
  workers: WorkerTable;
  tokens: TokenTable;
  sessions: SessionTable;
  audit: AuditTable;
  gates: GateTable;
  matrices: MatrixTable;
  commit_marks: { server: string; number: number; at_ms: number };
}

/** A definition by its id. */
export interface WorkflowTable {
  no: Generated<number>;
  id: string;
  source: 'file' | 'api';
  /** Null until the first version is complete. */
  current_version: number | null;
  newest_run: number | null;
  created_at_ms: number;
  /** When its file was deleted, or when it was removed from the list. */
  removed_at_ms: number | null;
}

/** One version of a definition. Its rows never change once `whole` is 1. */
export interface VersionTable {
  no: Generated<number>;
  workflow: number;
  number: number;
  hash: string;
  name: string;
  trigger: string;
  job_count: number;
  /** Jobs with an `if` that may run after a cancel. */
  survivor_count: number;
  /** Jobs without needs that have an `if`. */
  conditional_roots: number;
  /** The label sets of the jobs without needs, as a JSON array of their numbers. */
  root_label_sets: string;
  /** What is checked and decided at the start of a run, as the JSON of a `StartSpec`; null when nothing is. */
  start_spec: string | null;
  whole: number;
  created_at_ms: number;
}

/** The text of a version as it was loaded. */
export interface VersionTextTable {
  version: number;
  source: WorkflowTable['source'];
  /** The name of its file; null for a text that a call sent. */
  file: string | null;
  format: 'yaml' | 'json';
  /** The id of the token that sent it; null for a file, and where there are no tokens. */
  created_by: string | null;
  /** The size of the text. */
  bytes: number;
  /** The text, compressed with gzip, as base64. */
  gzip: string;
}

/** The specification of a job in a version. */
interface VersionJobTable {
  version: number;
  ord: number;
  key: string;
  label_set: number;
  priority: number;
  needs: number;
  /** 0: the default condition; 1: an `if`; 2: an `if` that may hold after a cancel. */
  conditional: number;
  /** The rest, as JSON. */
  spec: string;
  /** Of a job with a matrix: the ordinal of its first child. */
  children_from: number | null;
}

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

/** A variable of the server, or of one workflow. */
export interface VariableTable {
  /** 0 for one of the server. */
  workflow: number;
  name: string;
  value: string;
  changed_at_ms: number;
  /** The id of the token that it was set with; null when there was none. */
  changed_by: string | null;
}

/** A pause of a workflow, a run or a label. */
export interface PauseTable {
  kind: PauseKind;
  /** The id of the workflow or run, or the label. */
  subject: string;
  /** The number of the workflow or run; null for a label. */
  target: number | null;
  /** The gate that holds what is paused; null for a label. */
  gate: number | null;
  reason: string;
  paused_at_ms: number;
  /** The id of the token; null when there was none. */
  paused_by: string | null;
}

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

/** Something with places, such as a concurrency group. A row that no run uses is deleted with old runs. */
export interface GateTable {
  no: Generated<number>;
  /** Its kind and its name: `run:deploy`. */
  key: string;
  /** Places in use. Code that changes it locks the row first, and decides only on what it reads after that. */
  in_use: number;
  changed_at_ms: number;
}

/** A re-run of jobs of a run. */
interface RerunTable {
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

/**
 * - `propagated`: it has not ended, or its dependents know of its end;
 * - `pending`: it has ended, and the next transaction that continues cascades propagates that;
 * - `held`: it was cancelled; its end propagates when its attempt has stopped, or when what it needs itself has.
 */
export const settledState = { pending: 0, propagated: 1, held: 2 } as const;

export interface LogChunkTable {
  job: number;
  attempt: number;
  sequence: number;
  stream: number;
  at_ms: number;
  data: string;
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

export interface WorkerTable {
  id: string;
  labels: string;
  slots: number;
  version: string;
  registered_at_ms: number;
  seen_at_ms: number;
  /** 1: it takes only jobs that require at least one label. */
  only_labelled: number;
  /** The id of the token that owns its id; null without tokens. */
  credential: string | null;
  /** Since when it is draining; null when it is not. */
  drained_at_ms: number | null;
  /** The id of the token that drained it. */
  drained_by: string | null;
  drain_reason: string | null;
  /** 1: it should exit when it runs no job. */
  drain_stop: Generated<number>;
}

export interface TokenTable {
  id: string;
  name: string;
  hash: string;
  scopes: string;
  /** A JSON array, or null for no limit. */
  labels: string | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  /** 1: a worker with it gets only jobs that require at least one label. */
  only_labelled: number;
  /** To the minute; null for a token that was never used. */
  last_used_at_ms: number | null;
}

/** A browser session that was opened with a token. Expired rows are deleted at the next sign-in. */
export interface SessionTable {
  /** Hash of the secret in the browser's cookie. */
  hash: string;
  /** The id of the token. */
  token: string;
  created_at_ms: number;
  expires_at_ms: number;
}

/** One audit entry. */
export interface AuditTable {
  no: Generated<number>;
  at_ms: number;
  action: string;
  /** The id of the token, workflow or run. */
  subject: string;
  source: string;
  /** The id of the acting token. */
  actor: string | null;
  /** More, as a JSON object. */
  data: string | null;
}
