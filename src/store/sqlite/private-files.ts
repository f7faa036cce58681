import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StoreError } from '../store.js';
import { explain } from './classify-error.js';

/**
 * A database holds scripts, inputs, logs and the hashes of tokens, so its folder and its files belong to the owner
 * alone, whatever the umask is. Files of earlier versions, which others could read, are restricted when they are
 * opened. On Windows the folder's access list applies, and nothing is changed.
 */
const folderMode = 0o700;
const fileMode = 0o600;
const forOthers = 0o077;

/** What SQLite and this program keep beside a database. */
const companions = ['', '-wal', '-shm', '-journal', '-lock', '-lock.pid', '-migration-lock'];

/**
 * Creates the folder of a database if it is missing. Restricts an existing folder only if it holds nothing else: one
 * with other things in it may be used by others. Errors: `StoreError`.
 */
export function makePrivateFolder(databaseFile: string): void {
  const folder = dirname(databaseFile);
  try {
    mkdirSync(folder, { recursive: true, mode: folderMode });
  } catch (cause) {
    throw new StoreError(`Cannot make the data folder ${folder}: ${explain(cause)}`, cause);
  }
  const stem = basename(databaseFile);
  if (readdirSync(folder).every((name) => name.startsWith(stem))) tighten(folder, folderMode);
}

/** Restricts a database's file to the owner, creating it empty before SQLite opens it; and the files beside it. */
export function makePrivateFile(file: string): void {
  closeSync(openSync(file, 'a', fileMode));
  for (const companion of companions) {
    const path = `${file}${companion}`;
    if (existsSync(path)) tighten(path, fileMode);
  }
}

/** The mode of a new file that only the owner may read. */
export const privateFile = { mode: fileMode } as const;

/**
 * Leaves a file of another owner, and one on a read-only file system, as it is: opening the database reports the
 * latter.
 */
function tighten(path: string, mode: number): void {
  if (process.platform === 'win32' || (statSync(path).mode & forOthers) === 0) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}
