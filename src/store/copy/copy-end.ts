import { existsSync } from 'node:fs';
import type { Connection } from '../connection.js';
import { migrateToLatest } from '../migrate.js';
import { databaseName } from '../postgres/database-name.js';
import { PostgresSession } from '../postgres/session.js';
import { refuseDamagedWal } from '../sqlite/check-wal.js';
import { failedToOpen } from '../sqlite/classify-error.js';
import { openDatabase } from '../sqlite/open-database.js';
import { takeServerLock } from '../sqlite/server-lock.js';
import { SqliteConnection } from '../sqlite/sqlite-connection.js';
import { StoreError } from '../store.js';

/** A database at one end of a copy, locked against servers as far as possible. */
export interface CopyEnd {
  /** For people: without a password. */
  readonly name: string;
  readonly connection: Connection;
  close(): Promise<void>;
}

/**
 * Opens `sqlite:<file>` or `postgres://…` and brings its tables up to date.
 *
 * @param mustExist whether a missing file is an error
 *
 * Errors: `StoreError`, also when a server uses it.
 */
export async function openCopyEnd(address: string, mustExist: boolean): Promise<CopyEnd> {
  if (/^postgres(ql)?:\/\//.test(address)) return openPostgresEnd(address);
  const [, file] = /^sqlite:(?:\/\/)?(.+)$/.exec(address) ?? [];
  if (file === undefined) {
    throw new StoreError(
      `${JSON.stringify(address)} is neither sqlite:<file> nor postgres://<user>@<host>/<database>.`,
    );
  }
  if (mustExist && !existsSync(file)) throw new StoreError(`No such database: ${file}.`);
  return openSqliteEnd(file);
}

async function openSqliteEnd(file: string): Promise<CopyEnd> {
  const lock = takeServerLock(file);
  try {
    refuseDamagedWal(file);
    const connection = new SqliteConnection(openDatabase(file, 'write'));
    await migrateToLatest(connection);
    return {
      name: file,
      connection,
      async close() {
        connection.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw failedToOpen(error, file);
  }
}

async function openPostgresEnd(url: string): Promise<CopyEnd> {
  const name = databaseName(url);
  let session: PostgresSession;
  try {
    session = await PostgresSession.open({
      url,
      applicationName: `workflow-graph-copy ${process.pid}`,
      statementTimeoutMs: 0,
      connectTimeoutMs: 5_000,
    });
  } catch (error) {
    throw new StoreError(`PostgreSQL at ${name} cannot be used: ${(error as Error).message}`, error);
  }
  try {
    const servers = await session.query(
      `select application_name from pg_stat_activity
       where datname = current_database() and application_name like 'workflow-graph %'`,
      [],
    );
    if (servers.length > 0) {
      throw new StoreError(`A server uses ${name} (${String(servers[0]?.application_name)}). Stop every server first.`);
    }
    await migrateToLatest(session);
    return { name, connection: session, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}
