import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../store.js';
import { partialName } from './backup-file.js';
import { refuseDamagedWal } from './check-wal.js';
import { type CheckedCopy, copyDatabaseFile, type OnCopied } from './copy-file.js';
import { keepAs, renameDurably } from './durable-files.js';
import { makeFolder } from './make-folder.js';
import { openDatabase } from './open-database.js';
import { takeServerLock } from './server-lock.js';

/** A backup that is a server's database now. */
export interface Restored extends CheckedCopy {
  /** Where the database that was there before lies now; null when there was none. */
  readonly kept: string | null;
}

export interface RestoreOptions {
  readonly backup: string;
  /** The database that it becomes. */
  readonly file: string;
  /** Whether a database that is there makes room, under another name. */
  readonly replace: boolean;
  /** For that name, in Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * Makes a backup the database of a server that does not run. The backup is copied and checked before anything else is
 * touched, and stays where it is. Tables of an older version are left to the next start.
 *
 * Errors: `StoreError`, and then the database is as it was.
 */
export async function restoreSqliteFile(options: RestoreOptions, onCopied: OnCopied): Promise<Restored> {
  const { backup, file, replace, nowMs } = options;
  makeFolder(dirname(file));
  const lock = takeServerLock(file);
  try {
    if (!replace && existsSync(file)) {
      throw new StoreError(`There is a database already, ${file}. --force keeps it under another name and goes on.`);
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
 * Keeps the database under another name. Its log of commits must not stay: SQLite would take it for the new one's. Where
 * the database cannot be opened to be put in order, the log is kept beside it.
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
    // It is damaged, which may be why it is replaced.
  }
  keepAs(file, kept);
  if (existsSync(`${file}-wal`)) keepAs(`${file}-wal`, `${kept}-wal`);
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  return kept;
}
