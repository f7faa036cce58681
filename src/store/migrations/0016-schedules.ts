import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The schedules of workflows, and what started a run. */
export function schedules(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('schedules')
        .modifyEnd(dialect.clusteredTableOptions)
        .addColumn('workflow', integer, required)
        .addColumn('id', text, required)
        .addColumn('spec', text, required)
        .addColumn('next_slot_ms', integer)
        .addColumn('due_at_ms', integer)
        .addColumn('last_slot_ms', integer)
        .addColumn('last_outcome', text)
        .addColumn('last_run', text)
        .addColumn('last_error', text)
        .addColumn('paused_at_ms', integer)
        .addColumn('paused_by', text)
        .addColumn('pause_reason', text)
        .addPrimaryKeyConstraint('schedules_pk', ['workflow', 'id'])
        .execute();
      await sql`create index schedules_due on schedules (due_at_ms) where due_at_ms is not null`.execute(db);
      await db.schema
        .alterTable('runs')
        .addColumn('trigger', text, (c) => c.notNull().defaultTo('api'))
        .execute();
      await db.schema.alterTable('runs').addColumn('schedule', text).execute();
      await db.schema.alterTable('runs').addColumn('scheduled_at_ms', integer).execute();
      await sql`create unique index runs_by_slot on runs (workflow, schedule, scheduled_at_ms)
        where schedule is not null`.execute(db);
      await sql`create index runs_live_of_schedule on runs (workflow, schedule)
        where schedule is not null and ended_at_ms is null`.execute(db);
    },
  };
}
