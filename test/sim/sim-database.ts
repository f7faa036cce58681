import Database from 'better-sqlite3';
import type { Row } from '../../src/store/connection.js';
import { migrateToLatest } from '../../src/store/migrate.js';
import { SqliteConnection } from '../../src/store/sqlite/sqlite-connection.js';
import { never, type Process } from './process.js';

let template: Buffer | null = null;

/** An empty database, migrated once and copied for each world. */
export async function emptyDatabase(): Promise<Database.Database> {
  if (template === null) {
    const connection = new SqliteConnection(new Database(':memory:'));
    await migrateToLatest(connection);
    template = connection.database.serialize();
    connection.close();
  }
  return new Database(template);
}

/**
 * The committed data of a world: a real SQLite database in memory, with the real tables and statements. It outlives the
 * servers. Transactions run one after another; one whose server dies is rolled back.
 */
export class SimDatabase {
  readonly connection: SqliteConnection;
  readonly #onCommit: (committer: Process) => void;
  readonly #now: () => number;
  #lastWriteMs: number | null = null;
  #holder: Process | null = null;
  #waiting: { readonly process: Process; readonly go: () => void }[] = [];

  constructor(database: Database.Database, now: () => number, onCommit: (committer: Process) => void) {
    this.connection = new SqliteConnection(database);
    this.#now = now;
    this.#onCommit = onCommit;
  }

  /** When something was committed last; null when nothing ever was. */
  get lastWriteMs(): number | null {
    return this.#lastWriteMs;
  }

  get isBusy(): boolean {
    return this.#holder !== null;
  }

  /** Waits for its turn, and begins a transaction. */
  async begin(process: Process): Promise<void> {
    if (!process.isAlive) return never();
    if (this.#holder !== null) await new Promise<void>((go) => this.#waiting.push({ process, go }));
    if (!process.isAlive) return never();
    this.#holder = process;
    this.connection.query('begin immediate', []);
  }

  commit(process: Process): void {
    this.connection.query('commit', []);
    this.#lastWriteMs = this.#now();
    this.#onCommit(process);
    this.#next();
  }

  rollback(process: Process): void {
    if (this.#holder !== process) return;
    if (this.connection.database.inTransaction) this.connection.query('rollback', []);
    this.#next();
  }

  /** Begins the next try of a transaction that was in another's way, without letting go of its turn. */
  beginAgain(): void {
    this.connection.query('rollback', []);
    this.connection.query('begin immediate', []);
  }

  /** What is committed, once nobody writes. */
  read(process: Process, sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]> {
    if (this.#holder === null) return this.connection.query(sql, parameters);
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        process,
        go: () => {
          try {
            resolve(this.connection.query(sql, parameters));
          } catch (error) {
            reject(error);
          }
          this.#next();
        },
      });
    });
  }

  /** A server died: what it had not committed never was. */
  abandon(process: Process): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.process !== process);
    this.rollback(process);
  }

  /** Reads for the checks, outside of any transaction. */
  rows<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.connection.query(sql, parameters) as T[];
  }

  close(): void {
    this.connection.close();
  }

  #next(): void {
    this.#holder = null;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#holder = next.process;
    next.go();
  }
}
