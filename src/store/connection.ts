/**
 * One session with a database, as the rest of this room uses it. SQLite answers at once, Postgres later: callers await
 * either, which costs one microtask for an answer that is there already.
 */
export interface Connection {
  /** Runs one statement and returns its rows, none for a statement that returns none. */
  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]>;
}

export type Row = Readonly<Record<string, unknown>>;
