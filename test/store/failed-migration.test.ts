import { join } from 'node:path';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { openDatabase } from '../../src/store/sqlite/open-database.js';
import { migrateSqliteFile } from '../../src/store/sqlite/open-sqlite-store.js';
import { SqliteConnection } from '../../src/store/sqlite/sqlite-connection.js';
import { isOld, makeOld } from '../crash/old-database.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function oldFile(): Promise<string> {
  const file = join(temporaryFolder(), 'old.db');
  await migrateSqliteFile(file);
  await makeOld(file);
  return file;
}

function schemaOf(file: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('select name, sql from sqlite_schema order by name').all();
  } finally {
    database.close();
  }
}

function execute(file: string, text: string): void {
  const database = new Database(file);
  database.exec(text);
  database.close();
}

test('a migration that fails midway leaves no trace, and succeeds once the cause is removed', async () => {
  const file = await oldFile();
  // It changes its table before it creates this index.
  execute(file, 'create index runs_ended_with_logs on runs (state)');
  const before = schemaOf(file);
  await expect(migrateSqliteFile(file)).rejects.toThrow(/^Migration 0002-retention failed: .*already exists/);
  expect(schemaOf(file)).toEqual(before);
  expect(isOld(file)).toBe(true);
  execute(file, 'drop index runs_ended_with_logs');
  expect((await migrateSqliteFile(file)).map(({ name }) => name)).toContain('0002-retention');
  expect(isOld(file)).toBe(false);
});

test('the tables and the oldest supported program version are stored together or not at all', async () => {
  const file = await oldFile();
  execute(
    file,
    `delete from meta where key = 'oldest_program';
     create trigger no_word before insert on meta begin select raise(abort, 'no word'); end`,
  );
  await expect(migrateSqliteFile(file)).rejects.toThrow(/no word/);
  expect(isOld(file)).toBe(true);
});

test('a failure after which SQLite rolled back is reported, not the failure of the rollback', async () => {
  const connection = new SqliteConnection(openDatabase(join(temporaryFolder(), 'any.db'), 'write'));
  connection.execute('create table once (value integer unique)', []);
  connection.execute('insert into once values (1)', []);
  const failing = kyselyOver(connection)
    .transaction()
    .execute((db) => sql`insert or rollback into once values (1)`.execute(db));
  await expect(failing).rejects.toThrow(/UNIQUE constraint failed/);
  connection.close();
});
