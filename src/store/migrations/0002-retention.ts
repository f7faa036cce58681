import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Columns for pruning: which runs ended when, whose logs are deleted, and how many events are. */
export function retention(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('runs')
        .addColumn('logs_pruned', dialect.integerType, (column) => column.notNull().defaultTo(0))
        .execute();
      await sql`create index runs_ended on runs (ended_at_ms) where ended_at_ms is not null`.execute(db);
      await sql`create index runs_ended_with_logs on runs (ended_at_ms)
        where ended_at_ms is not null and logs_pruned = 0`.execute(db);
      await sql`insert into counters (name, value) values ('pruned_events', 0)`.execute(db);
    },
  };
}
