import Database from 'better-sqlite3';
import { failedToOpen } from './classify-error.js';
import { makePrivateFile } from './private-files.js';

/**
 * Opens a SQLite file with the settings that the promise "acknowledged means durable" stands on, and reads them back:
 * this build's default for WAL is `synchronous=NORMAL`, which may lose the last commits at a power cut.
 */
export function openDatabase(file: string, mode: 'write' | 'read'): Database.Database {
  try {
    if (mode === 'write' && file !== ':memory:') makePrivateFile(file);
    const database = new Database(file, { readonly: mode === 'read', fileMustExist: mode === 'read', timeout: 5_000 });
    if (mode === 'write') {
      if (file !== ':memory:') expectPragma(database, 'journal_mode', 'wal');
      expectPragma(database, 'synchronous', 2, 'full');
    }
    expectPragma(database, 'foreign_keys', 1, 'on');
    if (mode === 'write') forgetStatistics(database);
    database.pragma('cache_size = -65536');
    database.pragma('temp_store = memory');
    return database;
  } catch (cause) {
    throw failedToOpen(cause, file);
  }
}

/**
 * Without statistics SQLite plans every statement of this program as index lookups, however large the tables are. With
 * those of a time when a table was small, from an ANALYZE by hand, it would read that table from end to end for ever.
 */
function forgetStatistics(database: Database.Database): void {
  for (const table of ['sqlite_stat1', 'sqlite_stat4']) {
    const isThere = database.prepare('select 1 from sqlite_schema where name = ?').get(table) !== undefined;
    // The second forgets what was read into memory.
    if (isThere) database.exec(`drop table ${table}; analyze sqlite_schema`);
  }
}

function expectPragma(database: Database.Database, name: string, expected: string | number, set = String(expected)) {
  database.pragma(`${name} = ${set}`);
  const actual = database.pragma(name, { simple: true });
  if (actual !== expected) throw new Error(`PRAGMA ${name} is ${String(actual)} and cannot be set to ${set}`);
}
