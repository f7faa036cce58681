import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Columns for re-runs: which jobs, from which attempt, and who requested them. */
export function rerun(dialect: DialectRecord) {
  const integer = dialect.integerType;
  const text = dialect.textType;
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('runs')
        .addColumn('generation', integer, (c) => c.notNull().defaultTo(1))
        .execute();
      await db.schema.alterTable('runs').addColumn('rerun_from', integer).execute();
      await db.schema.alterTable('runs').addColumn('rerun_of', text).execute();
      await db.schema
        .alterTable('jobs')
        .addColumn('generation', integer, (c) => c.notNull().defaultTo(1))
        .execute();
      await db.schema
        .alterTable('jobs')
        .addColumn('budget_from', integer, (c) => c.notNull().defaultTo(0))
        .execute();
      await db.schema
        .createTable('reruns')
        .modifyEnd(dialect.clusteredTableOptions)
        .addColumn('run', integer, (c) => c.notNull())
        .addColumn('generation', integer, (c) => c.notNull())
        .addColumn('at_ms', integer, (c) => c.notNull())
        .addColumn('requested_by', text)
        .addColumn('request_hash', text)
        .addColumn('chosen', text, (c) => c.notNull())
        .addColumn('following', text, (c) => c.notNull())
        .addPrimaryKeyConstraint('reruns_pk', ['run', 'generation'])
        .execute();
      await sql`create unique index reruns_request on reruns (request_hash)
        where request_hash is not null`.execute(db);
    },
  };
}
