import type { Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The exit code of a failed attempt's command. */
export function exitCodes(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('attempts').addColumn('exit_code', dialect.integerType).execute();
    },
  };
}
