import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The queue timeouts of jobs: how long each may be claimable or held, and until when. */
export function queueTimeouts(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('jobs').addColumn('queue_timeout_ms', dialect.integerType).execute();
      await db.schema.alterTable('jobs').addColumn('due_at_ms', dialect.integerType).execute();
      // A claim leaves `due_at_ms` as it is: the state takes the job out of the index.
      await sql`create index jobs_queue_due on jobs (due_at_ms)
        where due_at_ms is not null and state in ('queued', 'held')`.execute(db);
    },
  };
}
