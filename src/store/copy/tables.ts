/** A table to copy, in the order of its key. */
export interface CopiedTable {
  readonly name: string;
  /** The primary key. Both databases sort it alike: integers by value, text by its bytes. */
  readonly key: readonly string[];
  /** The column that numbers its rows itself; null when there is none. */
  readonly identity: string | null;
  /** Rows copied at once. */
  readonly rowsAtOnce: number;
}

/** Everything except what belongs to one database: the marks of commits, and the records of migrations. */
export const copiedTables: readonly CopiedTable[] = [
  { name: 'counters', key: ['name'], identity: null, rowsAtOnce: 1_000 },
  { name: 'workflows', key: ['no'], identity: 'no', rowsAtOnce: 1_000 },
  { name: 'versions', key: ['no'], identity: 'no', rowsAtOnce: 1_000 },
  { name: 'version_jobs', key: ['version', 'ord'], identity: null, rowsAtOnce: 500 },
  { name: 'version_texts', key: ['version'], identity: null, rowsAtOnce: 2 },
  { name: 'version_edges', key: ['version', 'from_ord', 'to_ord'], identity: null, rowsAtOnce: 5_000 },
  { name: 'label_sets', key: ['id'], identity: 'id', rowsAtOnce: 1_000 },
  { name: 'gates', key: ['no'], identity: 'no', rowsAtOnce: 1_000 },
  { name: 'runs', key: ['no'], identity: 'no', rowsAtOnce: 2_000 },
  { name: 'run_figures', key: ['run'], identity: null, rowsAtOnce: 200 },
  { name: 'reruns', key: ['run', 'generation'], identity: null, rowsAtOnce: 20 },
  { name: 'variables', key: ['workflow', 'name'], identity: null, rowsAtOnce: 20 },
  { name: 'pauses', key: ['kind', 'subject'], identity: null, rowsAtOnce: 100 },
  { name: 'schedules', key: ['workflow', 'id'], identity: null, rowsAtOnce: 100 },
  { name: 'backfills', key: ['no'], identity: 'no', rowsAtOnce: 20 },
  { name: 'jobs', key: ['id'], identity: null, rowsAtOnce: 5_000 },
  { name: 'matrices', key: ['job'], identity: null, rowsAtOnce: 20 },
  { name: 'attempts', key: ['job', 'number'], identity: null, rowsAtOnce: 2_000 },
  { name: 'log_chunks', key: ['job', 'attempt', 'sequence', 'stream'], identity: null, rowsAtOnce: 500 },
  { name: 'events', key: ['number'], identity: null, rowsAtOnce: 5_000 },
  { name: 'workers', key: ['id'], identity: null, rowsAtOnce: 1_000 },
  { name: 'tokens', key: ['id'], identity: null, rowsAtOnce: 1_000 },
  { name: 'sessions', key: ['hash'], identity: null, rowsAtOnce: 1_000 },
  { name: 'audit', key: ['no'], identity: 'no', rowsAtOnce: 5_000 },
];

/** Tables that are not copied. A test compares the two lists with the schema. */
export const leftTables: readonly string[] = ['meta', 'commit_marks', 'kysely_migration', 'kysely_migration_lock'];

/** Rows that the migrations write into an empty database; they are replaced. */
export const seededTables: ReadonlySet<string> = new Set(['counters']);
