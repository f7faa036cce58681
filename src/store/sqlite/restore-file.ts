import { existsSync, rmSync } from 'node:fs';
import { StoreError } from '../store.js';
import { partialName } from './backup-file.js';
import { refuseDamagedWal } from './check-wal.js';
import { type CheckedCopy, copyDatabaseFile, type OnCopied } from './copy-file.js';
import { keepAs, renameDurably } from './durable-files.js';
import { openDatabase } from './open-database.js';
import { makePrivateFolder } from './private-files.js';
import { takeServerLock } from './server-lock.js';

/** A restored backup, which is a server's database now. */
export interface Restored extends CheckedCopy {
  /** New path of the previous database; null when there was none. */
  readonly kept: string | null;
}

export interface RestoreOptions {
  readonly backup: string;
  /** Path of the database to replace. */
  readonly file: string;
  /** Whether an existing database is renamed to make room. */
  readonly replace: boolean;
  /** For that name, in Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * Restores a backup as the database of a stopped server. The backup is copied and checked before anything else changes,
 * and stays where it is. The next start migrates tables of an older version.
 *
 * Errors: `StoreError`; the database is then unchanged.
 */
export async function restoreSqliteFile(options: RestoreOptions, onCopied: OnCopied): Promise<Restored> {
  const { backup, file, replace, nowMs } = options;
  makePrivateFolder(file);
  const lock = takeServerLock(file);
  try {
    if (!replace && existsSync(file)) {
      throw new StoreError(`The database exists already: ${file}. --force renames it and continues.`);
    }
    const partial = partialName(file);
    const copy = await copyDatabaseFile(backup, partial, onCopied);
    const kept = existsSync(file) ? setAside(file, nowMs) : null;
    renameDurably(partial, file);
    return { ...copy, kept };
  } finally {
    lock.release();
  }
}

/**
 * Renames the database. Its write-ahead log must not stay: SQLite would take it for the new one's. If the database
 * cannot be opened for a checkpoint, the log is kept beside it.
 */
function setAside(file: string, nowMs: number): string {
  const kept = `${file}.before-${new Date(nowMs).toISOString().replace(/\W/g, '').slice(0, 15)}`;
  try {
    refuseDamagedWal(file);
    const old = openDatabase(file, 'write');
    try {
      old.pragma('wal_checkpoint(truncate)');
    } finally {
      old.close();
    }
  } catch {
    // The database is damaged, possibly the reason for the restore.
  }
  keepAs(file, kept);
  if (existsSync(`${file}-wal`)) keepAs(`${file}-wal`, `${kept}-wal`);
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  return kept;
}
