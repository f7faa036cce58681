import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The figures of ended runs, from which statistics are made. Runs that ended before have none. */
export function runFigures(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('run_figures')
        .modifyEnd(dialect.tableOptions)
        .addColumn('run', integer, (c) => c.notNull().primaryKey())
        .addColumn('workflow', integer, required)
        .addColumn('ended_at_ms', integer, required)
        .addColumn('state', text, required)
        .addColumn('duration_ms', integer)
        .addColumn('waiting_ms', integer)
        .addColumn('jobs', text, required)
        .execute();
      await sql`create index run_figures_of_workflow on run_figures (workflow, ended_at_ms)`.execute(db);
      await sql`create index run_figures_by_end on run_figures (ended_at_ms)`.execute(db);
      await db.schema
        .alterTable('runs')
        .addColumn('has_figures', integer, (c) => c.notNull().defaultTo(0))
        .execute();
    },
  };
}
