import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** What is checked and decided at the start of a version's runs. */
export function startSpec(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('versions').addColumn('start_spec', dialect.textType).execute();
    },
  };
}
