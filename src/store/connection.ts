import type { DialectRecord } from './dialect.js';

/**
 * One session with a database, as the rest of this room uses it. SQLite answers at once, PostgreSQL later: callers
 * await either, which costs one microtask for an answer that is already there.
 */
export interface Connection {
  readonly dialect: DialectRecord;
  /** Runs one statement and returns its rows, if it returns any. */
  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]>;
  /**
   * Runs one statement without reading its rows. It may still be under way when this returns, which saves a round trip:
   * later statements run after it, and its failure fails them, or at the latest the commit.
   */
  execute(sql: string, parameters: readonly unknown[]): void;
}

export type Row = Readonly<Record<string, unknown>>;
