import { kyselyOver } from '../../src/store/kysely-over.js';
import type { Store } from '../../src/store/store.js';

/**
 * Changes the tables as the next version of the program would: it only adds.
 *
 * @param oldestProgram the newest migration that a program must know to use them
 */
export async function migrateFurther(store: Store, oldestProgram: string): Promise<void> {
  await store.transact(async (connection) => {
    const db = kyselyOver(connection);
    await connection.query(`insert into kysely_migration (name, timestamp) values ('9999-future', 'now')`, []);
    await db.schema
      .alterTable('jobs')
      .addColumn('future', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('workers').addColumn('future', 'text').execute();
    await db.schema.createTable('future').addColumn('id', 'integer').execute();
    await db.updateTable('meta').set({ value: oldestProgram }).where('key', '=', 'oldest_program').execute();
  });
}
