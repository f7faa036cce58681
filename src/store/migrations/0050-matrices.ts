import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Jobs with a matrix, whose children are jobs of the same run. */
export function matrices(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('version_jobs').addColumn('children_from', integer).execute();
      await sql`create index version_jobs_groups on version_jobs (version, ord)
        where children_from is not null`.execute(db);
      await db.schema.alterTable('jobs').addColumn('group_ord', integer).execute();
      await db.schema.alterTable('jobs').addColumn('idx', integer).execute();
      await db.schema.alterTable('jobs').addColumn('matrix', text).execute();
      await db.schema
        .createTable('matrices')
        .modifyEnd(dialect.clusteredTableOptions)
        .addColumn('job', integer, (c) => c.primaryKey().notNull())
        .addColumn('total', integer, (c) => c.notNull())
        .addColumn('open', integer, (c) => c.notNull())
        .addColumn('failed', integer, (c) => c.notNull().defaultTo(0))
        .addColumn('cancelled', integer, (c) => c.notNull().defaultTo(0))
        .addColumn('fail_fast', integer, (c) => c.notNull())
        .addColumn('expand_from', integer)
        .addColumn('decide_from', integer)
        .addColumn('cancel_from', integer)
        .addColumn('to_do', integer, (c) => c.notNull())
        .addColumn('combinations', text)
        .execute();
      await sql`create index matrices_to_do on matrices (to_do, job)`.execute(db);
    },
  };
}
