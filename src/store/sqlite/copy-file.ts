import { existsSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { refuseHalfCopied } from '../copy/copy-progress.js';
import { type SchemaAge, schemaAge } from '../migrate.js';
import { StoreError } from '../store.js';
import { explain } from './classify-error.js';
import { openDatabase } from './open-database.js';
import { makePrivateFile } from './private-files.js';
import { SqliteConnection } from './sqlite-connection.js';

/** Progress of a copy, in pages of the database; `check` reads the copy again and has no numbers. */
export type OnCopied = (at: { phase: 'copy'; pages: number; of: number } | { phase: 'check' }) => void;

/** A complete copy: SQLite finds no damage in it, and it is a database of this program. */
export interface CheckedCopy {
  readonly bytes: number;
  /** The age of its tables, compared with those of this version of the program. */
  readonly schema: SchemaAge;
}

/** Pages copied at once, 10 MiB. */
const pagesAtOnce = 2_560;

/**
 * Copies the present state of a database, even while a server writes it. The copy reads in one transaction, so a commit
 * never makes it start again; in WAL mode a reader does not block a writer. The result is one file without companions,
 * checked by SQLite.
 *
 * Errors: `StoreError`; the new file is then deleted.
 */
export async function copyDatabaseFile(from: string, to: string, onCopied: OnCopied): Promise<CheckedCopy> {
  if (!existsSync(from)) throw new StoreError(`No such file: ${from}.`);
  const source = openDatabase(from, 'read');
  try {
    // The transaction reads nothing before its first statement.
    source.exec('begin; select count(*) from sqlite_schema');
    makePrivateFile(to);
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
    // With the rollback journal, a file at rest needs no companions. A server sets its own mode again.
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
