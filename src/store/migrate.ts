import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';
import { kyselyOver } from './kysely-over.js';
import { initial } from './migrations/0001-initial.js';
import { retention } from './migrations/0002-retention.js';
import { audit } from './migrations/0003-audit.js';
import { traceparent } from './migrations/0004-traceparent.js';
import type { Schema } from './schema.js';
import { StoreError } from './store.js';

/** One migration that ran. */
export interface MigrationDone {
  readonly name: string;
}

/**
 * The oldest version of the program that can work on these tables, by the newest migration that it knows. A migration
 * that only adds (a table, a column with a default, an index) leaves it as it is, so that servers can be brought to a
 * new version one after another; one that takes something away follows a version later and raises it.
 */
const oldestProgram = '0001-initial';

function migrationsFor(dialect: DialectRecord) {
  return {
    '0001-initial': marked(initial(dialect)),
    '0002-retention': marked(retention(dialect)),
    '0003-audit': marked(audit(dialect)),
    '0004-traceparent': marked(traceparent),
  };
}

/** With its tables a migration says who can work on them: no crash comes between the two. */
function marked({ up }: Migration): Migration {
  return {
    async up(db) {
      await up(db);
      await writeOldestProgram(db);
    },
  };
}

/**
 * Brings the tables up to this version of the program. Tables of a newer version are left alone when this version can
 * work on them.
 */
export async function migrateToLatest(connection: Connection): Promise<MigrationDone[]> {
  const migrations = migrationsFor(connection.dialect);
  if (await isNewerButFit(connection, Object.keys(migrations))) return [];
  const migrator = new Migrator({
    db: kyselyOver(connection),
    provider: { getMigrations: async () => migrations },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new StoreError(
      `Migration ${failed?.migrationName ?? '(none)'} failed: ${String((error as Error).message ?? error)}`,
      error,
    );
  }
  const done = (results ?? []).filter((result) => result.status === 'Success');
  return done.map((result) => ({ name: result.migrationName }));
}

/** How tables compare with those that this version of the program makes. */
export type SchemaAge = 'older' | 'current' | 'newer';

/**
 * How old the tables are; null when they are not this program's.
 *
 * Errors: `StoreError` when they are of a newer version on which this one cannot work.
 */
export async function schemaAge(connection: Connection): Promise<SchemaAge | null> {
  const known = Object.keys(migrationsFor(connection.dialect));
  const executed = await executedMigrations(connection);
  if (executed.length === 0 || known[0] !== executed.toSorted()[0]) return null;
  if (await isNewerButFit(connection, known)) return 'newer';
  return executed.length < known.length ? 'older' : 'current';
}

/** Errors: `StoreError` when the tables are of a newer version on which this one cannot work. */
async function isNewerButFit(connection: Connection, known: readonly string[]): Promise<boolean> {
  const executed = await executedMigrations(connection);
  if (executed.every((name) => known.includes(name))) return false;
  const [row] = await kyselyOver(connection)
    .selectFrom('meta')
    .select('value')
    .where('key', '=', oldestProgramKey)
    .execute();
  if (row !== undefined && (known.at(-1) ?? '') >= row.value) return true;
  throw new StoreError(
    'The database was written by a newer version of workflow-graph: start that version, or restore a backup.',
  );
}

const oldestProgramKey = 'oldest_program';

async function executedMigrations(connection: Connection): Promise<string[]> {
  const db = kyselyOver(connection);
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const rows = await connection.query('select name from kysely_migration', []);
  return rows.map((row) => String(row.name));
}

async function writeOldestProgram(db: Kysely<Schema>): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key: oldestProgramKey, value: oldestProgram })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: oldestProgram }))
    .execute();
}
