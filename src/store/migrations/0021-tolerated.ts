import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Whether the failure of a job counts as success. */
export function tolerated(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('jobs')
        .addColumn('tolerated', dialect.integerType, (c) => c.notNull().defaultTo(0))
        .execute();
    },
  };
}
