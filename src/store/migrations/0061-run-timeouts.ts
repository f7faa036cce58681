import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The timeouts of runs: how long each may take, until when, and whether it took longer. */
export function runTimeouts(dialect: DialectRecord) {
  const integer = dialect.integerType;
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('runs').addColumn('timeout_ms', integer).execute();
      await db.schema.alterTable('runs').addColumn('deadline_ms', integer).execute();
      await db.schema
        .alterTable('runs')
        .addColumn('timed_out', integer, (c) => c.notNull().defaultTo(0))
        .execute();
      await sql`create index runs_deadline on runs (deadline_ms) where deadline_ms is not null`.execute(db);
    },
  };
}
