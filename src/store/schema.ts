import type { Generated } from 'kysely';
import type { JobState, RunState } from '../domain/states.js';

/**
 * The tables. Times are Unix milliseconds, JSON is text, booleans are 0 and 1.
 *
 * A job's row id is `run × 2^20 + ordinal`: the run, the ordinal and the row are found from one another without a
 * lookup, and the jobs of a run lie together.
 */
export interface Schema {
  meta: { key: string; value: string };
  counters: { name: string; value: number };
  workflows: WorkflowTable;
  versions: VersionTable;
  version_jobs: VersionJobTable;
  version_edges: { version: number; from_ord: number; to_ord: number };
  label_sets: { id: Generated<number>; labels: string };
  runs: RunTable;
  jobs: JobTable;
  attempts: AttemptTable;
  log_chunks: LogChunkTable;
  events: EventTable;
  workers: WorkerTable;
  tokens: TokenTable;
  audit: AuditTable;
  commit_marks: { server: string; number: number; at_ms: number };
}

/** A definition by its id. */
export interface WorkflowTable {
  no: Generated<number>;
  id: string;
  source: 'file' | 'api';
  /** Null until the first version is whole. */
  current_version: number | null;
  newest_run: number | null;
  created_at_ms: number;
  /** When its file went away. */
  removed_at_ms: number | null;
}

/** A definition as it was at one time. Its rows never change once `whole` is 1. */
export interface VersionTable {
  no: Generated<number>;
  workflow: number;
  number: number;
  hash: string;
  name: string;
  trigger: string;
  job_count: number;
  /** How many jobs have an `if` that may run after a cancel. */
  survivor_count: number;
  /** How many jobs without needs have an `if`. */
  conditional_roots: number;
  /** The label sets of the jobs without needs, as a JSON array of their numbers. */
  root_label_sets: string;
  whole: number;
  created_at_ms: number;
}

/** What a version says of one job. */
export interface VersionJobTable {
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
  /** Whether a second cancel ended the clean-up jobs too. */
  cancel_forced: number;
  /** Of a large run: the first ordinal whose roots are not queued yet. Null when all are. */
  activate_from: number | null;
  /** Of a large run: the first ordinal that a cancel has not reached. Null when it has. */
  cancel_from: number | null;
  /** 1: its logs were pruned. */
  logs_pruned: Generated<number>;
  /** The trace within which it was started, in the form of a `traceparent` header; null when in none. */
  traceparent: string | null;
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
  /** The number of the attempt that runs, or that comes next, or that was the last. */
  attempt: number;
  /** When it last became claimable. */
  enqueued_at_ms: number | null;
  /** Until when its retry is delayed; kept while the retry runs. */
  delayed_until_ms: number | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  error: string | null;
  outputs: string | null;
  /** 0: it has ended, and the jobs that need it have not been told. */
  settled: number;
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
  /** The earlier of the two. */
  deadline_ms: number;
  outcome: AttemptOutcome | null;
  ended_at_ms: number | null;
  /** What was reported, so that the same report again gets the same answer. */
  report_digest: string | null;
  error: string | null;
  log_bytes: number;
  /** Whether its stdout may hold `::set-output` lines. */
  has_output_lines: number;
  /** 0: it was pushed to a worker that has not said that it arrived; if that stays so, the attempt never was. */
  received: number;
}

export type AttemptOutcome = 'success' | 'failure' | 'lease_expired' | 'timed_out' | 'cancelled';

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
  type: string;
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
}

/** One thing that somebody did. */
export interface AuditTable {
  no: Generated<number>;
  at_ms: number;
  action: string;
  /** The id of the token, workflow or run. */
  subject: string;
  source: string;
  /** The id of the token that it was done with. */
  actor: string | null;
  /** More, as a JSON object. */
  data: string | null;
}
