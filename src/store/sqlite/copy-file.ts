import { existsSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { refuseHalfCopied } from '../copy/copy-progress.js';
import { type SchemaAge, schemaAge } from '../migrate.js';
import { StoreError } from '../store.js';
import { explain } from './judge.js';
import { openDatabase } from './open-database.js';
import { SqliteConnection } from './sqlite-connection.js';

/** How far a copy is, in pages of the database; `check` reads the copy again and has no numbers. */
export type OnCopied = (at: { phase: 'copy'; pages: number; of: number } | { phase: 'check' }) => void;

/** A copy that is whole: SQLite finds no damage in it, and it is a database of this program. */
export interface CheckedCopy {
  readonly bytes: number;
  /** How its tables compare with those of this version of the program. */
  readonly schema: SchemaAge;
}

/** Pages that are copied at once, 10 MiB. */
const pagesAtOnce = 2_560;

/**
 * Copies a database as it is at this moment, also while a server writes it. The copy reads in one transaction, so that it
 * never has to begin again because of a commit; in WAL mode no reader keeps a writer waiting. What comes out is one
 * file without others beside it, checked by SQLite.
 *
 * Errors: `StoreError`, and then the new file is gone.
 */
export async function copyDatabaseFile(from: string, to: string, onCopied: OnCopied): Promise<CheckedCopy> {
  if (!existsSync(from)) throw new StoreError(`There is no file ${from}.`);
  const source = openDatabase(from, 'read');
  try {
    // Nothing is read before the first statement of the transaction.
    source.exec('begin; select count(*) from sqlite_schema');
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        onCopied({ phase: 'copy', pages: totalPages - remainingPages, of: totalPages });
        return pagesAtOnce;
      },
    });
    onCopied({ phase: 'check' });
    const schema = await checkCopy(from, to);
    return { bytes: statSync(to).size, schema };
  } catch (cause) {
    for (const file of [to, `${to}-journal`, `${to}-wal`, `${to}-shm`]) rmSync(file, { force: true });
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`Cannot copy ${from} to ${to}: ${explain(cause)}`, cause);
  } finally {
    source.close();
  }
}

async function checkCopy(from: string, to: string): Promise<SchemaAge> {
  const copy = new Database(to);
  try {
    // With the journal of a file at rest it needs no other files beside it. A server sets its own again.
    copy.pragma('journal_mode = delete');
    const [first] = copy.pragma('integrity_check(3)') as { integrity_check: string }[];
    if (first?.integrity_check !== 'ok') {
      throw new StoreError(`${from} is damaged: SQLite says "${first?.integrity_check}". Use an older backup.`);
    }
    const connection = new SqliteConnection(copy);
    const age = await schemaAge(connection);
    if (age === null) throw new StoreError(`${from} is not a database of workflow-graph.`);
    await refuseHalfCopied(connection);
    return age;
  } finally {
    copy.close();
  }
}
