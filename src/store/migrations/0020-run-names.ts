import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The evaluated `run-name`. */
export function runNames(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('runs').addColumn('name', dialect.textType).execute();
    },
  };
}
