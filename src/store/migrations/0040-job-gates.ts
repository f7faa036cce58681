import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Concurrency groups of jobs: at which gate each job is, and the gates that it passes. */
export function jobGates(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('jobs').addColumn('gate', dialect.integerType).execute();
      await db.schema.alterTable('jobs').addColumn('places', dialect.textType).execute();
      await sql`create index jobs_held on jobs (gate, priority desc, enqueued_at_ms, id) where state = 'held'`.execute(
        db,
      );
      await sql`create index jobs_with_place on jobs (gate, id) where gate is not null and state in ('queued', 'delayed', 'running')`.execute(
        db,
      );
    },
  };
}
