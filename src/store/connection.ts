import type { DialectRecord } from './dialect.js';

/**
 * One session with a database, as the rest of this room uses it. SQLite answers at once, Postgres later: callers await
 * either, which costs one microtask for an answer that is there already.
 */
export interface Connection {
  readonly dialect: DialectRecord;
  /** Runs one statement and returns its rows, none for a statement that returns none. */
  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]>;
  /**
   * Runs one statement whose rows nobody wants. It may still be on its way when this returns, which saves a round trip:
   * what comes later comes after it, and its failure fails what comes later, at the latest the commit.
   */
  execute(sql: string, parameters: readonly unknown[]): void;
}

export type Row = Readonly<Record<string, unknown>>;
