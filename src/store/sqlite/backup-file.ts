import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { examine, type Finding } from '../doctor/examine.js';
import { StoreError } from '../store.js';
import { type CheckedCopy, copyDatabaseFile, type OnCopied } from './copy-file.js';
import { renameDurably } from './durable-files.js';
import { openDatabase } from './open-database.js';
import { SqliteConnection } from './sqlite-connection.js';

/** A finished backup. */
export interface Backup extends CheckedCopy {
  /** The doctor's findings; null when its tables belong to another version, which this doctor does not know. */
  readonly findings: readonly Finding[] | null;
}

export interface BackupOptions {
  /** The database, which a server may be using. */
  readonly file: string;
  readonly target: string;
  /** Whether an existing file is replaced. */
  readonly overwrite: boolean;
}

/**
 * Copies a database to a file that gets its name only when it is complete, checked and on disk.
 *
 * Errors: `StoreError`; the target is then unchanged.
 */
export async function backupSqliteFile(options: BackupOptions, onCopied: OnCopied): Promise<Backup> {
  const { file, target, overwrite } = options;
  const refuse = () => {
    if (!overwrite && existsSync(target)) throw new StoreError(`${target} exists already. --force replaces it.`);
  };
  refuse();
  if (!existsSync(dirname(target))) throw new StoreError(`No such folder: ${dirname(target)}.`);
  const partial = partialName(target);
  const copy = await copyDatabaseFile(file, partial, onCopied);
  const findings = copy.schema === 'current' ? await findingsOf(partial) : null;
  refuse();
  renameDurably(partial, target);
  return { ...copy, findings };
}

/** The name of an incomplete file. */
export function partialName(target: string): string {
  return `${target}.partial-${process.pid}`;
}

async function findingsOf(file: string): Promise<Finding[]> {
  const connection = new SqliteConnection(openDatabase(file, 'read'));
  try {
    return await examine(connection);
  } finally {
    connection.close();
  }
}
