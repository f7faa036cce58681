import type { Connection, Row } from '../connection.js';
import { translateError } from './classify-error.js';
import { sqliteDialect } from './sqlite-dialect.js';

/** A session that reads, whose failures say what they mean and which file it is. */
export class TranslatingConnection implements Connection {
  readonly dialect = sqliteDialect;
  readonly #inner: Connection;
  readonly #file: string;

  constructor(inner: Connection, file: string) {
    this.#inner = inner;
    this.#file = file;
  }

  query(sql: string, parameters: readonly unknown[]): readonly Row[] | Promise<readonly Row[]> {
    try {
      const rows = this.#inner.query(sql, parameters);
      return rows instanceof Promise ? rows.catch((error: unknown) => this.#fail(error)) : rows;
    } catch (error) {
      return this.#fail(error);
    }
  }

  execute(sql: string, parameters: readonly unknown[]): void {
    this.#inner.execute(sql, parameters);
  }

  #fail(error: unknown): never {
    throw translateError(error, this.#file);
  }
}
