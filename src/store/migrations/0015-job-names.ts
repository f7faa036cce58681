import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The evaluated name of a job, if it has expressions. */
export function jobNames(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('jobs').addColumn('name', dialect.textType).execute();
    },
  };
}
