import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Backfills of schedules, and which of them started a run. A slot may have a run of each, besides its own. */
export function backfills(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  const counter = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('backfills')
        .modifyEnd(dialect.tableOptions)
        .addColumn('no', integer, (c) =>
          dialect.identity === 'identity'
            ? c.generatedByDefaultAsIdentity().primaryKey()
            : c.autoIncrement().primaryKey(),
        )
        .addColumn('id', text, (c) => c.notNull().unique())
        .addColumn('workflow', integer, required)
        .addColumn('schedule', text, required)
        .addColumn('spec', text, required)
        .addColumn('from_ms', integer, required)
        .addColumn('to_ms', integer, required)
        .addColumn('newest_first', integer, required)
        .addColumn('again', integer, required)
        .addColumn('max_live', integer, required)
        .addColumn('slots', text, required)
        .addColumn('total', integer, required)
        .addColumn('position', integer, counter)
        .addColumn('started', integer, counter)
        .addColumn('skipped', integer, counter)
        .addColumn('refused', integer, counter)
        .addColumn('last_error', text)
        .addColumn('created_at_ms', integer, required)
        .addColumn('created_by', text)
        .addColumn('ended_at_ms', integer)
        .addColumn('cancelled', integer, counter)
        .execute();
      await sql`create index backfills_active on backfills (no) where ended_at_ms is null`.execute(db);
      await sql`create index backfills_of_workflow on backfills (workflow, no)`.execute(db);
      await db.schema.alterTable('runs').addColumn('backfill', integer).execute();
      await sql`drop index runs_by_slot`.execute(db);
      await sql`create unique index runs_by_slot on runs (workflow, schedule, scheduled_at_ms)
        where schedule is not null and backfill is null`.execute(db);
      await sql`create index runs_of_slot on runs (workflow, schedule, scheduled_at_ms)
        where schedule is not null`.execute(db);
      await sql`create unique index runs_of_backfill on runs (backfill, scheduled_at_ms)
        where backfill is not null`.execute(db);
      await sql`create index runs_live_of_backfill on runs (backfill)
        where backfill is not null and ended_at_ms is null`.execute(db);
    },
  };
}
