import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The token that started a run, the last use of each token, and an index of removed workflows. */
export function startedBy(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('runs').addColumn('started_by', dialect.textType).execute();
      await db.schema.alterTable('tokens').addColumn('last_used_at_ms', dialect.integerType).execute();
      await sql`create index workflows_removed on workflows (removed_at_ms) where removed_at_ms is not null`.execute(
        db,
      );
    },
  };
}
