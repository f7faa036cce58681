import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { inject, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { fastFolder } from './fast-folder.js';
import { createTestDatabase, type TestDatabase } from './postgres/test-database.js';

/** On which database a test runs. */
export type TestDatabaseKind = 'sqlite' | 'postgres';

/** The database of the project that runs: the same tests run once on each. */
export const databaseKind: TestDatabaseKind = process.env.TEST_DATABASE === 'postgres' ? 'postgres' : 'sqlite';

/** `it`, in the project of one database only. */
export function onlyIn(kind: TestDatabaseKind): typeof it {
  return databaseKind === kind ? it : (it.skip as typeof it);
}

/** A database that a test can open and close as often as it likes. */
export interface TestStorage {
  /** @param now the clock in place of the database's */
  open(now?: () => number): Promise<Store>;
  /** Makes the database from a text of statements, before a program opens it. */
  prepare(statements: string): Promise<void>;
  remove(): Promise<void>;
}

export function testStorage(kind: TestDatabaseKind = databaseKind): TestStorage {
  return kind === 'postgres' ? new PostgresStorage() : new SqliteStorage();
}

/** Opens a file as a server does. */
export function openTestStoreAt(file: string): Promise<Store> {
  return openSqliteStore({
    file,
    lock: true,
    onFatal: (error) => {
      throw error;
    },
    onEvent() {},
  });
}

class SqliteStorage implements TestStorage {
  readonly #folder = fastFolder();

  open(): Promise<Store> {
    return openTestStoreAt(join(this.#folder, 'test.db'));
  }

  async prepare(statements: string): Promise<void> {
    const database = new Database(join(this.#folder, 'test.db'));
    database.exec(statements);
    database.close();
  }

  async remove(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class PostgresStorage implements TestStorage {
  #database: TestDatabase | null = null;

  async open(now?: () => number): Promise<Store> {
    this.#database ??= await createTestDatabase(inject('postgresUrl'));
    return openPostgresStore({
      url: this.#database.url,
      listenUrl: null,
      insecureDurability: false,
      listen: true,
      onEvent() {},
      ...(now === undefined ? {} : { now }),
    });
  }

  async prepare(statements: string): Promise<void> {
    this.#database ??= await createTestDatabase(inject('postgresUrl'));
    const client = new pg.Client({ connectionString: this.#database.url });
    await client.connect();
    try {
      // A test database is a copy of one that has the tables of this version.
      await client.query('drop schema public cascade; create schema public');
      await client.query(statements);
    } finally {
      await client.end();
    }
  }

  async remove(): Promise<void> {
    await this.#database?.drop();
  }
}
