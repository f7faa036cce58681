import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The tables of the first release. */
export function initial(dialect: DialectRecord) {
  const numbered = (column: ColumnDefinitionBuilder) =>
    dialect.identity === 'autoincrement'
      ? column.primaryKey().autoIncrement()
      : column.primaryKey().generatedByDefaultAsIdentity();
  const integer = dialect.integerType;
  const text = dialect.textType;
  const whereSet = (column: string) => (dialect.leavesNullsOut ? sql`where ${sql.ref(column)} is not null` : sql``);
  const required = (column: ColumnDefinitionBuilder) => column.notNull();

  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const table = (name: string) => db.schema.createTable(name).modifyEnd(dialect.tableOptions);
      const clusteredTable = (name: string) => db.schema.createTable(name).modifyEnd(dialect.clusteredTableOptions);

      await table('meta')
        .addColumn('key', text, (c) => c.primaryKey().notNull())
        .addColumn('value', text, required)
        .execute();
      await table('counters')
        .addColumn('name', text, (c) => c.primaryKey().notNull())
        .addColumn('value', integer, required)
        .execute();
      await sql`insert into counters (name, value) values ('event', 0)`.execute(db);

      await table('workflows')
        .addColumn('no', integer, numbered)
        .addColumn('id', text, (c) => c.notNull().unique())
        .addColumn('source', text, required)
        .addColumn('current_version', integer)
        .addColumn('newest_run', integer)
        .addColumn('created_at_ms', integer, required)
        .addColumn('removed_at_ms', integer)
        .execute();
      await table('versions')
        .addColumn('no', integer, numbered)
        .addColumn('workflow', integer, required)
        .addColumn('number', integer, required)
        .addColumn('hash', text, required)
        .addColumn('name', text, required)
        .addColumn('trigger', text, required)
        .addColumn('job_count', integer, required)
        .addColumn('survivor_count', integer, required)
        .addColumn('conditional_roots', integer, required)
        .addColumn('root_label_sets', text, required)
        .addColumn('whole', integer, required)
        .addColumn('created_at_ms', integer, required)
        .addUniqueConstraint('versions_number', ['workflow', 'number'])
        .execute();
      await sql`create index versions_unfinished on versions (no) where whole = 0`.execute(db);
      await clusteredTable('version_jobs')
        .addColumn('version', integer, required)
        .addColumn('ord', integer, required)
        .addColumn('key', text, required)
        .addColumn('label_set', integer, required)
        .addColumn('priority', integer, required)
        .addColumn('needs', integer, required)
        .addColumn('conditional', integer, required)
        .addColumn('spec', text, required)
        .addPrimaryKeyConstraint('version_jobs_pk', ['version', 'ord'])
        .execute();
      await db.schema.createIndex('version_jobs_key').on('version_jobs').columns(['version', 'key']).unique().execute();
      await clusteredTable('version_edges')
        .addColumn('version', integer, required)
        .addColumn('from_ord', integer, required)
        .addColumn('to_ord', integer, required)
        .addPrimaryKeyConstraint('version_edges_pk', ['version', 'from_ord', 'to_ord'])
        .execute();
      await db.schema
        .createIndex('version_edges_to')
        .on('version_edges')
        .columns(['version', 'to_ord', 'from_ord'])
        .execute();
      await table('label_sets')
        .addColumn('id', integer, numbered)
        .addColumn('labels', text, (c) => c.notNull().unique())
        .execute();

      await table('runs')
        .addColumn('no', integer, numbered)
        .addColumn('id', text, (c) => c.notNull().unique())
        .addColumn('workflow', integer, required)
        .addColumn('version', integer, required)
        .addColumn('state', text, required)
        .addColumn('inputs', text, required)
        .addColumn('request_hash', text)
        .addColumn('job_count', integer, required)
        .addColumn('open', integer, required)
        .addColumn('failed', integer, required)
        .addColumn('cancelled', integer, required)
        .addColumn('created_at_ms', integer, required)
        .addColumn('started_at_ms', integer)
        .addColumn('ended_at_ms', integer)
        .addColumn('cancel_requested_at_ms', integer)
        .addColumn('cancel_forced', integer, required)
        .addColumn('activate_from', integer)
        .addColumn('cancel_from', integer)
        .execute();
      await db.schema.createIndex('runs_of_workflow').on('runs').columns(['workflow', 'no']).execute();
      await sql`create unique index runs_request on runs (request_hash) ${whereSet('request_hash')}`.execute(db);
      await sql`create index runs_unfinished_work on runs (no)
        where activate_from is not null or cancel_from is not null or state = 'creating'`.execute(db);

      await table('jobs')
        .addColumn('id', integer, (c) => c.primaryKey().notNull())
        .addColumn('label_set', integer, required)
        .addColumn('priority', integer, required)
        .addColumn('state', text, required)
        .addColumn('conditional', integer, required)
        .addColumn('pending', integer, required)
        .addColumn('bad', integer, required)
        .addColumn('attempt', integer, required)
        .addColumn('enqueued_at_ms', integer)
        .addColumn('delayed_until_ms', integer)
        .addColumn('started_at_ms', integer)
        .addColumn('ended_at_ms', integer)
        .addColumn('error', text)
        .addColumn('outputs', text)
        .addColumn('settled', integer, required)
        .execute();
      await sql`create index jobs_claimable on jobs (label_set, priority desc, enqueued_at_ms, id)
        where state = 'queued'`.execute(db);
      await sql`create index jobs_delayed on jobs (delayed_until_ms) where state = 'delayed'`.execute(db);
      await sql`create index jobs_unsettled on jobs (id) where settled = 0`.execute(db);

      await clusteredTable('attempts')
        .addColumn('job', integer, required)
        .addColumn('number', integer, required)
        .addColumn('worker_id', text, required)
        .addColumn('credential', text)
        .addColumn('lease_hash', text, required)
        .addColumn('request_hash', text)
        .addColumn('ttl_ms', integer, required)
        .addColumn('claimed_at_ms', integer, required)
        .addColumn('expires_at_ms', integer, required)
        .addColumn('timeout_at_ms', integer)
        .addColumn('deadline_ms', integer, required)
        .addColumn('outcome', text)
        .addColumn('ended_at_ms', integer)
        .addColumn('report_digest', text)
        .addColumn('error', text)
        .addColumn('log_bytes', integer, required)
        .addColumn('has_output_lines', integer, required)
        .addColumn('received', integer, required)
        .addPrimaryKeyConstraint('attempts_pk', ['job', 'number'])
        .execute();
      await sql`create index attempts_live on attempts (deadline_ms) where outcome is null`.execute(db);
      await sql`create index attempts_request on attempts (request_hash) ${whereSet('request_hash')}`.execute(db);

      await table('log_chunks')
        .addColumn('job', integer, required)
        .addColumn('attempt', integer, required)
        .addColumn('sequence', integer, required)
        .addColumn('stream', integer, required)
        .addColumn('at_ms', integer, required)
        .addColumn('data', text, required)
        .addPrimaryKeyConstraint('log_chunks_pk', ['job', 'attempt', 'sequence', 'stream'])
        .execute();
      await table('events')
        .addColumn('number', integer, (c) => c.primaryKey().notNull())
        .addColumn('at_ms', integer, required)
        .addColumn('type', text, required)
        .addColumn('run', integer)
        .addColumn('job', integer)
        .addColumn('attempt', integer)
        .addColumn('data', text)
        .execute();
      await db.schema.createIndex('events_of_run').on('events').columns(['run', 'number']).execute();

      await table('workers')
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('labels', text, required)
        .addColumn('slots', integer, required)
        .addColumn('version', text, required)
        .addColumn('registered_at_ms', integer, required)
        .addColumn('seen_at_ms', integer, required)
        .execute();
      // On a shared database: the committed transactions of a server, for a server whose connection broke before the
      // answer.
      await clusteredTable('commit_marks')
        .addColumn('server', text, required)
        .addColumn('number', integer, required)
        .addColumn('at_ms', integer, required)
        .addPrimaryKeyConstraint('commit_marks_pk', ['server', 'number'])
        .execute();
      await table('tokens')
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('name', text, required)
        .addColumn('hash', text, (c) => c.notNull().unique())
        .addColumn('scopes', text, required)
        .addColumn('labels', text)
        .addColumn('created_at_ms', integer, required)
        .addColumn('expires_at_ms', integer)
        .addColumn('revoked_at_ms', integer)
        .execute();
    },
  };
}
