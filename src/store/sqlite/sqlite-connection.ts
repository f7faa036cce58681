import type Database from 'better-sqlite3';
import type { Connection, Row } from '../connection.js';
import { sqliteDialect } from './sqlite-dialect.js';

/** Prepared statements that a connection keeps. */
const statementsMax = 500;

/** A SQLite session that prepares each statement once. */
export class SqliteConnection implements Connection {
  readonly dialect = sqliteDialect;
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
