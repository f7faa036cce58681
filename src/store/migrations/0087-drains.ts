import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The drains of workers: since when, by which token, why, and whether the worker should exit. */
export function drains({ integerType: integer, textType: text }: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('workers').addColumn('drained_at_ms', integer).execute();
      await db.schema.alterTable('workers').addColumn('drained_by', text).execute();
      await db.schema.alterTable('workers').addColumn('drain_reason', text).execute();
      await db.schema
        .alterTable('workers')
        .addColumn('drain_stop', integer, (c) => c.notNull().defaultTo(0))
        .execute();
      await sql`create index workers_draining on workers (id) where drained_at_ms is not null`.execute(db);
    },
  };
}
