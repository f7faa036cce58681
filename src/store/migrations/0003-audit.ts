import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The audit log. The numbers grow with time; an index on the time would cost every run's start a write. */
export function audit(dialect: DialectRecord) {
  const numbered = (column: ColumnDefinitionBuilder) =>
    dialect.identity === 'autoincrement'
      ? column.primaryKey().autoIncrement()
      : column.primaryKey().generatedByDefaultAsIdentity();
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('audit')
        .modifyEnd(dialect.tableOptions)
        .addColumn('no', dialect.integerType, numbered)
        .addColumn('at_ms', dialect.integerType, required)
        .addColumn('action', dialect.textType, required)
        .addColumn('subject', dialect.textType, required)
        .addColumn('source', dialect.textType, required)
        .addColumn('actor', dialect.textType)
        .addColumn('data', dialect.textType)
        .execute();
    },
  };
}
