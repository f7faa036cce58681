import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The token that a worker registered with. */
export function workerOwner(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('workers').addColumn('credential', dialect.textType).execute();
    },
  };
}
