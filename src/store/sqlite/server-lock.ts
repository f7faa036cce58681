import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from '../store.js';
import { explain } from './judge.js';

/**
 * Keeps a second server off the same database.
 *
 * The lock is SQLite's own exclusive lock on a small file beside the database: the operating system lets go of it when
 * the process ends, however it ends. The file's neighbour says who holds it, for the message only.
 */
export function takeServerLock(databaseFile: string): { release(): void } {
  const lockFile = `${databaseFile}-lock`;
  const holderFile = `${lockFile}.pid`;
  const lock = lockExclusively(
    lockFile,
    0,
    () =>
      `Another server${holder(holderFile)} uses the database ${databaseFile}. Stop it first, or give this one its own --data folder.`,
  );
  tellHolder(holderFile);
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
  const lock = lockExclusively(
    `${databaseFile}-migration-lock`,
    migrationMsMax,
    () => `Another process is making the tables of ${databaseFile} and does not end.`,
  );
  return { release: () => void lock.close() };
}

/** Errors: `StoreError`; that another process has the lock is told in the caller's words. */
function lockExclusively(file: string, timeoutMs: number, heldByAnother: () => string): Database.Database {
  let lock: Database.Database | null = null;
  try {
    lock = new Database(file, { timeout: timeoutMs });
    lock.pragma('journal_mode = delete');
    lock.exec('begin exclusive');
    return lock;
  } catch (cause) {
    lock?.close();
    const isHeld = (cause as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
    throw new StoreError(isHeld ? heldByAnother() : `Cannot lock ${file}: ${explain(cause)}`, cause);
  }
}

/** On a full disk the message of a second server does without it. */
function tellHolder(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function holder(file: string): string {
  try {
    const pid = readFileSync(file, 'utf8').trim();
    return pid === '' ? '' : ` (process ${pid})`;
  } catch {
    return '';
  }
}
