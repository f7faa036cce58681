import { Migrator } from 'kysely/migration';
import type { Connection } from './connection.js';
import { kyselyOver } from './kysely-over.js';
import { initial } from './migrations/0001-initial.js';
import { retention } from './migrations/0002-retention.js';
import { StoreError } from './store.js';

/** One migration that ran. */
export interface MigrationDone {
  readonly name: string;
}

/** Brings the tables up to this version of the program. Each migration runs in a transaction of its own. */
export async function migrateToLatest(connection: Connection): Promise<MigrationDone[]> {
  const migrator = new Migrator({
    db: kyselyOver(connection),
    provider: {
      getMigrations: async () => ({
        '0001-initial': initial(connection.dialect),
        '0002-retention': retention(connection.dialect),
      }),
    },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    const newer = String((error as Error).message ?? '').includes('corrupted migrations');
    throw new StoreError(
      newer
        ? 'The database was written by a newer version of workflow-graph: start that version, or restore a backup.'
        : `Migration ${failed?.migrationName ?? '(none)'} failed: ${String((error as Error).message ?? error)}`,
      error,
    );
  }
  return (results ?? [])
    .filter((result) => result.status === 'Success')
    .map((result) => ({ name: result.migrationName }));
}
