import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Server variables, and those that are kept with a run. */
export function variables(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('variables')
        .modifyEnd(dialect.clusteredTableOptions)
        .addColumn('workflow', integer, required)
        .addColumn('name', text, required)
        .addColumn('value', text, required)
        .addColumn('changed_at_ms', integer, required)
        .addColumn('changed_by', text)
        .addPrimaryKeyConstraint('variables_pk', ['workflow', 'name'])
        .execute();
      await db.schema.alterTable('runs').addColumn('vars', text).execute();
    },
  };
}
