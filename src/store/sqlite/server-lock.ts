import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from '../store.js';
import { explain } from './classify-error.js';
import { makePrivateFile, privateFile } from './private-files.js';

/**
 * Keeps a second server off the same database.
 *
 * The lock is SQLite's own exclusive lock on a small file beside the database: the operating system releases it when
 * the process ends, however it ends. The file's neighbour names the holder, only for the message.
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
  writeHolder(holderFile);
  return {
    release() {
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

/** How long a process waits for another one's migration. */
const migrationMsMax = 60_000;

/**
 * Waits until no other process migrates this database: a server and a command may open a new one at once. This is not
 * the server's lock, which a command does not take.
 */
export function awaitMigrationTurn(databaseFile: string): { release(): void } {
  const lock = lockExclusively(
    `${databaseFile}-migration-lock`,
    migrationMsMax,
    () => `Another process is migrating ${databaseFile} and does not finish.`,
  );
  return { release: () => void lock.close() };
}

/** Errors: `StoreError`; the caller words the case that another process holds the lock. */
function lockExclusively(file: string, timeoutMs: number, heldByAnother: () => string): Database.Database {
  let lock: Database.Database | null = null;
  try {
    makePrivateFile(file);
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

/** On a full disk the message of a second server lacks the holder. */
function writeHolder(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`, privateFile);
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
