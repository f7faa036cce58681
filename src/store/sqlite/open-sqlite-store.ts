import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Connection } from '../connection.js';
import { refuseHalfCopied } from '../copy/copy-progress.js';
import { type MigrationDone, migrateToLatest } from '../migrate.js';
import { type Reader, type Store, StoreError } from '../store.js';
import { explain, openDatabase } from './open-database.js';
import { awaitMigrationTurn, takeServerLock } from './server-lock.js';
import { SqliteConnection } from './sqlite-connection.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { ThreadConnection } from './thread-connection.js';

export interface SqliteStoreOptions {
  /** A path, or `:memory:`, where all reads run on the one connection and see only committed rows all the same. */
  readonly file: string;
  /** Take the lock that keeps a second server off the file. A command that only looks, or adds a token, does not. */
  readonly lock: boolean;
  /**
   * Called when a commit failed in a way that leaves unknown what is on disk (an I/O error, a failed sync). The process
   * must end: what the next sync would say cannot be believed.
   */
  readonly onFatal: (error: Error) => void;
}

/** Opens, locks and migrates a SQLite database. Errors: `StoreError` with the reason and the way out. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file } = options;
  const inMemory = file === ':memory:';
  if (!inMemory) makeFolder(dirname(file));
  const lock = options.lock && !inMemory ? takeServerLock(file) : null;
  try {
    const turn = inMemory ? null : awaitMigrationTurn(file);
    const writer = new SqliteConnection(openDatabase(file, 'write'));
    try {
      await migrateToLatest(writer);
    } finally {
      turn?.release();
    }
    await refuseHalfCopied(writer);
    return new SqliteStore(writer, file, lock, options.onFatal);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Brings a database file up to date and closes it. Errors: `StoreError`, also when a server uses the file. */
export async function migrateSqliteFile(file: string): Promise<MigrationDone[]> {
  makeFolder(dirname(file));
  const lock = takeServerLock(file);
  try {
    const connection = new SqliteConnection(openDatabase(file, 'write'));
    try {
      return await migrateToLatest(connection);
    } finally {
      connection.close();
    }
  } finally {
    lock.release();
  }
}

class SqliteStore implements Store {
  readonly dialect = sqliteDialect;
  readonly shared = null;
  readonly read: Connection;
  readonly longRead: Connection;
  readonly #writer: SqliteConnection;
  readonly #file: string;
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #onFatal: (error: Error) => void;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    writer: SqliteConnection,
    file: string,
    lock: { release(): void } | null,
    onFatal: (error: Error) => void,
  ) {
    this.#writer = writer;
    this.#file = file;
    this.#onFatal = onFatal;
    if (file === ':memory:') {
      const afterWrites: Connection = {
        dialect: sqliteDialect,
        execute: (sql, parameters) => void this.#inTurn(async () => writer.execute(sql, parameters)),
        query: (sql, parameters) => this.#inTurn(async () => writer.query(sql, parameters)),
      };
      this.read = afterWrites;
      this.longRead = afterWrites;
    } else {
      const reader = new SqliteConnection(openDatabase(file, 'read'));
      const thread = new ThreadConnection(file);
      this.read = reader;
      this.longRead = thread;
      this.#closers.push(
        () => thread.close(),
        () => reader.close(),
      );
    }
    this.#closers.push(() => writer.close());
    if (lock !== null) this.#closers.push(() => lock.release());
  }

  transact<T>(work: (connection: Connection, databaseNowMs: null) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#writer.query('begin immediate', []);
      let result: T;
      try {
        result = await work(this.#writer, null);
      } catch (error) {
        this.#rollback();
        throw this.#judged(error);
      }
      try {
        this.#writer.query('commit', []);
      } catch (error) {
        this.#rollback();
        throw this.#judged(error);
      }
      return result;
    });
  }

  async openReader(): Promise<Reader> {
    if (this.#file !== ':memory:') return new ThreadConnection(this.#file);
    const { dialect, query, execute } = this.longRead;
    return { dialect, query, execute, async close() {} };
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {});
    for (const close of this.#closers) await close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #rollback(): void {
    if (this.#writer.database.inTransaction) this.#writer.query('rollback', []);
  }

  #judged(error: unknown): unknown {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('SQLITE_')) return error;
    const judged = new StoreError(`The database cannot be written: ${explain(error)}`, error);
    const unknowable = code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT');
    if (unknowable) this.#onFatal(judged);
    return judged;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new StoreError(`Cannot make the data folder ${folder}: ${(cause as Error).message}`, cause);
  }
}
