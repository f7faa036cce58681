import type Database from 'better-sqlite3';
import type { Row } from '../connection.js';

/** Prepared statements that a connection keeps. */
const statementsMax = 500;

/**
 * A SQLite database whose statements are prepared once. It knows nothing of the dialect: the reading thread, which needs
 * only this, would otherwise load the query builder.
 */
export class CachedStatements {
  readonly database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.database = database;
  }

  query(sql: string, parameters: readonly unknown[]): readonly Row[] {
    const statement = this.#prepare(sql);
    if (statement.reader) return statement.all(...parameters) as Row[];
    statement.run(...parameters);
    return [];
  }

  execute(sql: string, parameters: readonly unknown[]): void {
    this.query(sql, parameters);
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    if (this.#statements.size >= statementsMax) {
      const oldest = this.#statements.keys().next();
      if (!oldest.done) this.#statements.delete(oldest.value);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}
