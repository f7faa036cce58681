import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Why a worker must stop an attempt, and until when the server waits for its report. */
export function stopping(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('attempts').addColumn('stop_reason', dialect.textType).execute();
      await db.schema.alterTable('attempts').addColumn('stop_by_ms', dialect.integerType).execute();
    },
  };
}
