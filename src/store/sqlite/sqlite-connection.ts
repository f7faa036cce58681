import type { Connection } from '../connection.js';
import { CachedStatements } from './cached-statements.js';
import { sqliteDialect } from './sqlite-dialect.js';

/** A SQLite session that prepares each statement once. */
export class SqliteConnection extends CachedStatements implements Connection {
  readonly dialect = sqliteDialect;
}
