import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from '../store.js';

/**
 * Keeps a second server off the same database.
 *
 * The lock is SQLite's own exclusive lock on a small file beside the database: the operating system lets go of it when
 * the process ends, however it ends. The file's neighbour says who holds it, for the message only.
 */
export function takeServerLock(databaseFile: string): { release(): void } {
  const lockFile = `${databaseFile}-lock`;
  const holderFile = `${lockFile}.pid`;
  const lock = new Database(lockFile, { timeout: 0 });
  try {
    lock.pragma('journal_mode = delete');
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    throw new StoreError(
      `Another server${holder(holderFile)} uses the database ${databaseFile}. Stop it first, or give this one its own --data folder.`,
      cause,
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return {
    release() {
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

/** How long a process waits for another that makes the tables. */
const migrationMsMax = 60_000;

/**
 * Waits until no other process makes the tables of this database: a server and a command may open a new one at once. It
 * is not the server's lock, which a command does not take.
 */
export function awaitMigrationTurn(databaseFile: string): { release(): void } {
  const lock = new Database(`${databaseFile}-migration-lock`, { timeout: migrationMsMax });
  try {
    lock.pragma('journal_mode = delete');
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    throw new StoreError(`Another process is making the tables of ${databaseFile} and does not end.`, cause);
  }
  return { release: () => void lock.close() };
}

function holder(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
