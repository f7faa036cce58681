import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
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
  remove(): Promise<void>;
}

export function testStorage(kind: TestDatabaseKind = databaseKind): TestStorage {
  return kind === 'postgres' ? new PostgresStorage() : new SqliteStorage();
}

class SqliteStorage implements TestStorage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'workflow-graph-'));

  open(): Promise<Store> {
    return openSqliteStore({
      file: join(this.#folder, 'test.db'),
      lock: true,
      onFatal: (error) => {
        throw error;
      },
      tell() {},
    });
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
      tell() {},
      ...(now === undefined ? {} : { now }),
    });
  }

  async remove(): Promise<void> {
    await this.#database?.drop();
  }
}
