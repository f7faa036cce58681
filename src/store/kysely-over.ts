import { type DatabaseConnection, Kysely } from 'kysely';
import type { Connection } from './connection.js';
import type { Schema } from './schema.js';

/** Kysely over one connection, for migrations and rare queries. Hot queries are `statement`s. */
export function kyselyOver(connection: Connection): Kysely<Schema> {
  const session: DatabaseConnection = {
    async executeQuery<R>(query: { sql: string; parameters: readonly unknown[] }) {
      return { rows: [...(await connection.query(query.sql, query.parameters))] as R[] };
    },
    // biome-ignore lint/correctness/useYield: it exists only to refuse
    async *streamQuery() {
      throw new Error('Streaming is not used here: read in pages.');
    },
  };
  const run = (text: string) => async () => {
    await connection.query(text, []);
  };
  const { kysely, begin } = connection.dialect;
  return new Kysely<Schema>({
    dialect: {
      ...kysely,
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => session,
        releaseConnection: async () => {},
        destroy: async () => {},
        beginTransaction: run(begin),
        commitTransaction: run('commit'),
        // Its failure would hide the original error, and SQLite has rolled back by itself when the disk failed.
        rollbackTransaction: () => run('rollback')().catch(() => {}),
      }),
    },
  });
}
