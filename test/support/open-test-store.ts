import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { inject, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { fastFolder } from './fast-folder.js';
import { createTestDatabase, type TestDatabase } from './postgres/test-database.js';

/** The kind of database that a test runs on. */
export type TestDatabaseKind = 'sqlite' | 'postgres';

/** The database of the current project: the same tests run once on each. */
export const databaseKind: TestDatabaseKind = process.env.TEST_DATABASE === 'postgres' ? 'postgres' : 'sqlite';

/** `it`, limited to the project of one database. */
export function onlyIn(kind: TestDatabaseKind): typeof it {
  return databaseKind === kind ? it : (it.skip as typeof it);
}

/** A database that a test can open and close any number of times. */
export interface TestStorage {
  /** @param now replaces the database's clock */
  open(now?: () => number): Promise<Store>;
  /** Creates the database from a text of SQL statements before a program opens it. */
  prepare(statements: string): Promise<void>;
  remove(): Promise<void>;
}

/** @param original a database whose content is copied; SQLite only, and it must be closed */
export function testStorage(kind: TestDatabaseKind = databaseKind, original: TestStorage | null = null): TestStorage {
  if (original === null) return kind === 'postgres' ? new PostgresStorage() : new SqliteStorage();
  if (!(original instanceof SqliteStorage)) throw new Error('only a SQLite database can be copied');
  return original.copy();
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

/** A migrated, empty database file, the start of every SQLite database of this process. */
let template: Buffer | null = null;

async function readTemplate(): Promise<Buffer> {
  const folder = fastFolder();
  try {
    const file = join(folder, 'template.db');
    await (await openTestStoreAt(file)).close();
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class SqliteStorage implements TestStorage {
  readonly #folder = fastFolder();
  readonly #file = join(this.#folder, 'test.db');

  async open(): Promise<Store> {
    if (!existsSync(this.#file)) {
      template ??= await readTemplate();
      writeFileSync(this.#file, template, { mode: 0o600 });
    }
    return openTestStoreAt(this.#file);
  }

  copy(): SqliteStorage {
    const copy = new SqliteStorage();
    copyFileSync(this.#file, copy.#file);
    return copy;
  }

  async prepare(statements: string): Promise<void> {
    const database = new Database(this.#file);
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
      // A test database is a copy of a template that has the tables of this version.
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
