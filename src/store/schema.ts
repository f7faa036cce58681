import type { Generated } from 'kysely';
import type { AuditTable, SessionTable, TokenTable } from './tables/access.js';
import type { AttemptTable, LogChunkTable } from './tables/attempts.js';
import type {
  VariableTable,
  VersionJobTable,
  VersionTable,
  VersionTextTable,
  WorkflowTable,
} from './tables/definitions.js';
import type { GateTable, PauseTable } from './tables/gates.js';
import type { JobTable, MatrixTable } from './tables/jobs.js';
import type { EventTable, RerunTable, RunFiguresTable, RunTable } from './tables/runs.js';
import type { BackfillTable, ScheduleTable } from './tables/schedules.js';
import type { WorkerTable } from './tables/workers.js';

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
