import { renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Migrator } from 'kysely/migration';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { initial } from '../../src/store/migrations/0001-initial.js';
import { openDatabase } from '../../src/store/sqlite/open-database.js';
import { SqliteConnection } from '../../src/store/sqlite/sqlite-connection.js';
import { sqliteDialect } from '../../src/store/sqlite/sqlite-dialect.js';

/**
 * The first release ended an attempt in the transaction that cancelled its job, and notified the dependents then: it
 * had no state for a cancelled job that is still being stopped.
 */
const endBeingStopped = `
  update main.attempts set outcome = 'cancelled', ended_at_ms = j.ended_at_ms
    from main.jobs as j where j.id = main.attempts.job and j.state = 'cancelled' and main.attempts.outcome is null;
  update main.jobs set settled = 0 where settled = 2;`;

/**
 * Converts a database that no server uses into one of the first release: the same rows in the tables of that time.
 * Additions of later versions are removed, so a server that starts on it has to migrate.
 */
export async function makeOld(file: string): Promise<void> {
  const old = `${file}-old`;
  rmSync(old, { force: true });
  const connection = new SqliteConnection(openDatabase(old, 'write'));
  const { database } = connection;
  const migrator = new Migrator({
    db: kyselyOver(connection),
    provider: { getMigrations: async () => ({ '0001-initial': initial(sqliteDialect) }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  database.exec(`attach '${file}' as new`);
  database.exec('pragma foreign_keys = off; begin');
  for (const table of tablesOf(database)) {
    const columns = columnsOf(database, table).join(', ');
    // Migrations create their counters, which must be absent before.
    const known = table === 'counters' ? `where name in (select name from main.counters)` : '';
    const copy = `insert or replace into main.${table} (${columns}) select ${columns} from new.${table} ${known}`;
    database.exec(copy);
  }
  database.exec('delete from main.sqlite_sequence');
  database.exec('insert into main.sqlite_sequence select * from new.sqlite_sequence');
  database.exec(endBeingStopped);
  database.exec('commit; detach new');
  connection.close();
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
  renameSync(old, file);
}

function tablesOf(database: Database.Database): string[] {
  return database
    .prepare<[], string>(
      `select name from main.sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`,
    )
    .pluck()
    .all();
}

function columnsOf(database: Database.Database, table: string): string[] {
  return database.prepare<[string], string>('select name from pragma_table_info(?)').pluck().all(table);
}

/** Whether a server that starts on this database has to migrate it. */
export function isOld(file: string): boolean {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], number>('select count(*) from kysely_migration').pluck().get() === 1;
  } finally {
    database.close();
  }
}
