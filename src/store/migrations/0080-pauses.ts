import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Pauses of workflows, runs and labels. */
export function pauses(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('pauses')
        .modifyEnd(dialect.clusteredTableOptions)
        .addColumn('kind', text, required)
        .addColumn('subject', text, required)
        .addColumn('target', integer)
        .addColumn('gate', integer)
        .addColumn('reason', text, required)
        .addColumn('paused_at_ms', integer, required)
        .addColumn('paused_by', text)
        .addPrimaryKeyConstraint('pauses_pk', ['kind', 'subject'])
        .execute();
    },
  };
}
