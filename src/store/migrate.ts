import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';
import { kyselyOver } from './kysely-over.js';
import { initial } from './migrations/0001-initial.js';
import { retention } from './migrations/0002-retention.js';
import { audit } from './migrations/0003-audit.js';
import { traceparent } from './migrations/0004-traceparent.js';
import { onlyLabelled } from './migrations/0005-only-labelled.js';
import { cancelRequest } from './migrations/0006-cancel-request.js';
import { logGaps } from './migrations/0007-log-gaps.js';
import { startedBy } from './migrations/0008-started-by.js';
import { stopping } from './migrations/0009-stopping.js';
import { workerOwner } from './migrations/0010-worker-owner.js';
import { startSpec } from './migrations/0011-start-spec.js';
import { sessions } from './migrations/0012-sessions.js';
import { runsByState } from './migrations/0013-runs-by-state.js';
import { rerun } from './migrations/0014-rerun.js';
import { jobNames } from './migrations/0015-job-names.js';
import { schedules } from './migrations/0016-schedules.js';
import { runNames } from './migrations/0020-run-names.js';
import { tolerated } from './migrations/0021-tolerated.js';
import { gates } from './migrations/0030-gates.js';
import { jobGates } from './migrations/0040-job-gates.js';
import { matrices } from './migrations/0050-matrices.js';
import { variables } from './migrations/0060-variables.js';
import { runTimeouts } from './migrations/0061-run-timeouts.js';
import { exitCodes } from './migrations/0070-exit-codes.js';
import { pauses } from './migrations/0080-pauses.js';
import { queueTimeouts } from './migrations/0085-queue-timeouts.js';
import { backfills } from './migrations/0086-backfills.js';
import { drains } from './migrations/0087-drains.js';
import { versionTexts } from './migrations/0090-version-texts.js';
import { runFigures } from './migrations/0092-run-figures.js';
import type { Schema } from './schema.js';
import { StoreError } from './store.js';

/** One migration that ran. */
export interface MigrationDone {
  readonly name: string;
}

/**
 * The oldest version of the program that can use these tables, by the newest migration that it knows. A migration that
 * only adds (a table, a column with a default, an index) does not change it, so that servers can be upgraded one after
 * another. A migration that removes something follows a version later and raises it.
 */
const oldestProgram = '0001-initial';

/** The migrations in their order, by their names. */
export function migrationsFor(dialect: DialectRecord) {
  return {
    '0001-initial': marked(initial(dialect)),
    '0002-retention': marked(retention(dialect)),
    '0003-audit': marked(audit(dialect)),
    '0004-traceparent': marked(traceparent),
    '0005-only-labelled': marked(onlyLabelled),
    '0006-cancel-request': marked(cancelRequest(dialect)),
    '0007-log-gaps': marked(logGaps(dialect)),
    '0008-started-by': marked(startedBy(dialect)),
    '0009-stopping': marked(stopping(dialect)),
    '0010-worker-owner': marked(workerOwner(dialect)),
    '0011-start-spec': marked(startSpec(dialect)),
    '0012-sessions': marked(sessions(dialect)),
    '0013-runs-by-state': marked(runsByState),
    '0014-rerun': marked(rerun(dialect)),
    '0015-job-names': marked(jobNames(dialect)),
    '0016-schedules': marked(schedules(dialect)),
    '0020-run-names': marked(runNames(dialect)),
    '0021-tolerated': marked(tolerated(dialect)),
    '0030-gates': marked(gates(dialect)),
    '0040-job-gates': marked(jobGates(dialect)),
    '0050-matrices': marked(matrices(dialect)),
    '0060-variables': marked(variables(dialect)),
    '0061-run-timeouts': marked(runTimeouts(dialect)),
    '0070-exit-codes': marked(exitCodes(dialect)),
    '0080-pauses': marked(pauses(dialect)),
    '0085-queue-timeouts': marked(queueTimeouts(dialect)),
    '0086-backfills': marked(backfills(dialect)),
    '0087-drains': marked(drains(dialect)),
    '0090-version-texts': marked(versionTexts(dialect)),
    '0092-run-figures': marked(runFigures(dialect)),
  };
}

/** The same transaction records who can use the tables, so that no crash separates the two. */
function marked({ up }: Migration): Migration {
  return {
    async up(db) {
      await up(db);
      await writeOldestProgram(db);
    },
  };
}

/**
 * Brings the tables up to this version of the program. Leaves tables of a newer version alone when this version can use
 * them.
 */
export async function migrateToLatest(connection: Connection): Promise<MigrationDone[]> {
  const migrations = migrationsFor(connection.dialect);
  const known = Object.keys(migrations);
  const executed = await executedMigrations(connection);
  // Kysely would look at every table of the database before it finds nothing to do.
  if (known.every((name) => executed.includes(name)) && executed.length === known.length) return [];
  if (await isNewerButFit(connection, executed, known)) return [];
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

/** The age of tables, compared with those of this version of the program. */
export type SchemaAge = 'older' | 'current' | 'newer';

/**
 * The age of the tables; null when they are not this program's.
 *
 * Errors: `StoreError` when they belong to a newer version and this one cannot use them.
 */
export async function schemaAge(connection: Connection): Promise<SchemaAge | null> {
  const known = Object.keys(migrationsFor(connection.dialect));
  const executed = await executedMigrations(connection);
  if (executed.length === 0 || known[0] !== executed.toSorted()[0]) return null;
  if (await isNewerButFit(connection, executed, known)) return 'newer';
  return executed.length < known.length ? 'older' : 'current';
}

/** Errors: `StoreError` when the tables belong to a newer version and this one cannot use them. */
async function isNewerButFit(
  connection: Connection,
  executed: readonly string[],
  known: readonly string[],
): Promise<boolean> {
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
  const found = await connection.dialect.findTable('kysely_migration').execute(kyselyOver(connection));
  if (found.rows.length === 0) return [];
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
