import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Browser sessions. */
export function sessions(dialect: DialectRecord) {
  const required = (column: ColumnDefinitionBuilder) => column.notNull();
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('sessions')
        .modifyEnd(dialect.tableOptions)
        .addColumn('hash', dialect.textType, (column) => column.primaryKey().notNull())
        .addColumn('token', dialect.textType, required)
        .addColumn('created_at_ms', dialect.integerType, required)
        .addColumn('expires_at_ms', dialect.integerType, required)
        .execute();
      await db.schema.createIndex('sessions_expiry').on('sessions').column('expires_at_ms').execute();
      await db.schema.createIndex('sessions_token').on('sessions').columns(['token', 'created_at_ms']).execute();
    },
  };
}
