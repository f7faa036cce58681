import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** The texts of versions as they were loaded. Versions of earlier programs have none. */
export function versionTexts(dialect: DialectRecord) {
  const { integerType: integer, textType: text } = dialect;
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('version_texts')
        .modifyEnd(dialect.tableOptions)
        .addColumn('version', integer, (c) => c.primaryKey().notNull())
        .addColumn('source', text, required)
        .addColumn('file', text)
        .addColumn('format', text, required)
        .addColumn('created_by', text)
        .addColumn('bytes', integer, required)
        .addColumn('gzip', text, required)
        .execute();
    },
  };
}
