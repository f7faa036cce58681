import { StoreDamaged, StoreError, StoreUnavailable } from '../store.js';

/**
 * What a SQLite error means for the failed work.
 *
 * - `later`: nothing was changed, and the same may work after somebody has acted: the disk is full or read-only, or
 *   another process holds the lock. Only if the log's index found no room, a crash may restore the change.
 * - `damaged`: the file is not what SQLite wrote.
 * - `unknown`: the disk failed. The outcome of a write is unknown.
 * - `wrong`: the statement itself is at fault, or it is no SQLite error.
 */
export type ErrorClass = 'later' | 'damaged' | 'unknown' | 'wrong';

export function classifyError(error: unknown): ErrorClass {
  const code = codeOf(error);
  if (/^SQLITE_(FULL|READONLY|BUSY|LOCKED|CANTOPEN|PERM|NOMEM)/.test(code)) return 'later';
  if (isIndexWithoutRoom(code)) return 'later';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'damaged';
  return code.startsWith('SQLITE_IOERR') ? 'unknown' : 'wrong';
}

/** The error as callers of `file` see it; other errors unchanged. */
export function translateError(error: unknown, file: string): unknown {
  switch (classifyError(error)) {
    case 'later':
      return new StoreUnavailable(`The database ${file} cannot be used: ${explain(error)}`, error);
    case 'damaged':
      return new StoreDamaged(`The database ${file} is damaged: ${explain(error)}`, error);
    case 'unknown':
      return new StoreUnavailable(`The disk under the database ${file} failed: ${explain(error)}`, error);
    case 'wrong':
      return error;
  }
}

/** The error of a failed start: it names the file, what is wrong and the way out. */
export function failedToOpen(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(`Cannot open the database ${file}: ${explain(error)}`, error);
}

/** The error of a failed migration. If the disk failed, it names the file and the way out too. */
export function failedToMigrate(error: unknown, file: string): unknown {
  const cause = error instanceof StoreError ? error.cause : error;
  if (!(cause instanceof Error) || classifyError(cause) === 'wrong') return error;
  return new StoreError(`Cannot bring the tables of the database ${file} up to date: ${explain(cause)}`, cause);
}

/** SQLite's own words, with the way out where there is one. */
export function explain(error: unknown): string {
  const code = codeOf(error);
  const message = `${(error as Error).message ?? String(error)}${code === '' ? '' : `, ${code}`}`;
  if (code.startsWith('SQLITE_FULL'))
    return `the disk is full (${message}). Free some space; nothing acknowledged is lost.`;
  if (isIndexWithoutRoom(code)) {
    return (
      `the index of its write-ahead log, the file that ends in -shm, cannot grow (${message}): most likely the disk is full ` +
      'or a quota is used up. Free some space; nothing acknowledged is lost.'
    );
  }
  if (code.startsWith('SQLITE_READONLY'))
    return `it is read-only (${message}). Check the owner and mode of its folder.`;
  if (code.startsWith('SQLITE_CANTOPEN') || isFileAccessRefused(error)) {
    return `${message}. Check that the folder exists, that this user may write there, and that the disk is not full or read-only.`;
  }
  if (classifyError(error) === 'damaged') return `${message}. ${wayOutOfDamage}`;
  if (code.startsWith('SQLITE_BUSY')) return `another process holds it (${message}).`;
  if (code.startsWith('SQLITE_IOERR'))
    return `${message}. Look into the kernel log, and replace the disk if it is failing.`;
  return message;
}

/** The way out when a file is damaged. */
export const wayOutOfDamage = 'Restore a backup (workflow-graph restore), and keep the damaged files for a look.';

/** SQLite reports an I/O error, but it concerns no durable file: the index is rebuilt from the log. */
function isIndexWithoutRoom(code: string): boolean {
  return code === 'SQLITE_IOERR_SHMSIZE';
}

/** Whether the file system refused to create or open a file, before SQLite saw it. */
function isFileAccessRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENOSPC', 'EDQUOT'].includes(String(code));
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}
