import type { Connection } from '../connection.js';
import { refuseHalfCopied } from '../copy/copy-progress.js';
import type { DatabaseEvent } from '../database-event.js';
import { type MigrationDone, migrateToLatest } from '../migrate.js';
import { type Reader, type Store, StoreError } from '../store.js';
import { refuseDamagedFile } from './check-file.js';
import { refuseDamagedWal } from './check-wal.js';
import { classifyError, explain, failedToMigrate, failedToOpen, translateError } from './classify-error.js';
import { openDatabase } from './open-database.js';
import { makePrivateFolder } from './private-files.js';
import { awaitMigrationTurn, takeServerLock } from './server-lock.js';
import { SqliteConnection } from './sqlite-connection.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { ThreadConnection } from './thread-connection.js';
import { TranslatingConnection } from './translating-connection.js';

export interface SqliteStoreOptions {
  /** A path, or `:memory:`, where all reads run on the one connection and still see only committed rows. */
  readonly file: string;
  /** Takes the lock that keeps a second server off the file. A command that only reads, or adds a token, does not. */
  readonly lock: boolean;
  /**
   * Called when a failed commit leaves unknown what is on disk (an I/O error, a failed sync). The process must end,
   * because the next sync cannot be trusted.
   */
  readonly onFatal: (error: Error) => void;
  /** Called when the disk takes no changes, when it takes them again, and when the file is found damaged. */
  readonly onEvent: (event: DatabaseEvent) => void;
}

/** Opens, locks and migrates a SQLite database. Errors: `StoreError` with the reason and the way out. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file } = options;
  const inMemory = file === ':memory:';
  if (!inMemory) makePrivateFolder(file);
  const lock = options.lock && !inMemory ? takeServerLock(file) : null;
  let writer: SqliteConnection | null = null;
  try {
    const turn = inMemory ? null : awaitMigrationTurn(file);
    try {
      if (lock !== null) refuseDamagedWal(file);
      writer = new SqliteConnection(openDatabase(file, 'write'));
      if (lock !== null) refuseDamagedFile(writer.database, file);
      await migrate(writer, file);
    } finally {
      turn?.release();
    }
    await refuseHalfCopied(writer);
    return new SqliteStore(writer, lock, options);
  } catch (error) {
    writer?.close();
    lock?.release();
    throw failedToOpen(error, file);
  }
}

/** Brings a database file up to date and closes it. Errors: `StoreError`, also when a server uses the file. */
export async function migrateSqliteFile(file: string): Promise<MigrationDone[]> {
  makePrivateFolder(file);
  const lock = takeServerLock(file);
  try {
    refuseDamagedWal(file);
    const connection = new SqliteConnection(openDatabase(file, 'write'));
    try {
      return await migrate(connection, file);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw failedToOpen(error, file);
  } finally {
    lock.release();
  }
}

async function migrate(connection: Connection, file: string): Promise<MigrationDone[]> {
  try {
    return await migrateToLatest(connection);
  } catch (error) {
    throw failedToMigrate(error, file);
  }
}

class SqliteStore implements Store {
  readonly dialect = sqliteDialect;
  readonly shared = null;
  readonly read: Connection;
  readonly longRead: Connection;
  readonly #writer: SqliteConnection;
  readonly #options: SqliteStoreOptions;
  readonly #closers: (() => void | Promise<void>)[] = [];
  #last: Promise<unknown> = Promise.resolve();
  /** Since when the disk takes no changes, by the process's clock; null while it does. */
  #unwritableSince: number | null = null;
  /** Why nothing may be written any more: the next change could spread the damage. */
  #damage: Error | null = null;

  constructor(writer: SqliteConnection, lock: { release(): void } | null, options: SqliteStoreOptions) {
    const { file } = options;
    this.#writer = writer;
    this.#options = options;
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
      this.read = new TranslatingConnection(reader, file);
      this.longRead = new TranslatingConnection(thread, file);
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
      if (this.#damage !== null) throw this.#damage;
      let result: T;
      try {
        this.#writer.query('begin immediate', []);
        result = await work(this.#writer, null);
        this.#writer.query('commit', []);
      } catch (error) {
        this.#rollback();
        throw this.#translate(error);
      }
      this.#noteWritten();
      return result;
    });
  }

  async openReader(): Promise<Reader> {
    const { file } = this.#options;
    if (file !== ':memory:') return new ThreadConnection(file);
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

  #translate(error: unknown): unknown {
    const { file, onFatal, onEvent } = this.#options;
    const failure = translateError(error, file);
    if (!(failure instanceof Error)) return failure;
    switch (classifyError(error)) {
      case 'later':
        if (this.#unwritableSince === null) onEvent({ kind: 'unwritable', error: failure });
        this.#unwritableSince ??= performance.now();
        break;
      case 'damaged':
        this.#damage = failure;
        onEvent({ kind: 'damaged', error: failure });
        break;
      case 'unknown':
        onFatal(new StoreError(`The database ${file} cannot be written: ${explain(error)}`, error));
        break;
      case 'wrong':
    }
    return failure;
  }

  #noteWritten(): void {
    if (this.#unwritableSince === null) return;
    this.#options.onEvent({ kind: 'writable', unwritableMs: Math.round(performance.now() - this.#unwritableSince) });
    this.#unwritableSince = null;
  }
}
