import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Which request cancelled a run, so that a repeat of it means the same run. */
export function cancelRequest(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('runs').addColumn('cancel_request_hash', dialect.textType).execute();
      await sql`create index runs_cancel_request on runs (cancel_request_hash)
        where cancel_request_hash is not null`.execute(db);
    },
  };
}
