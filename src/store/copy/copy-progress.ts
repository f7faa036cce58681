import type { Connection } from '../connection.js';
import { StoreError } from '../store.js';

/** Progress of a copy, kept in the target with the copied rows. */
export interface CopyProgress {
  /** The source, so that a copy of another one does not resume this one. */
  readonly source: string;
  /** The table in progress. */
  readonly table: string;
  /** The key of the last copied row; null before the first. */
  readonly after: readonly (string | number)[] | null;
}

const key = 'copy';

export async function readProgress(connection: Connection): Promise<CopyProgress | null> {
  const [row] = await connection.query(`select value from meta where key = '${key}'`, []);
  return row === undefined ? null : (JSON.parse(String(row.value)) as CopyProgress);
}

/** Called in the transaction that copies. */
export async function writeProgress(connection: Connection, progress: CopyProgress): Promise<void> {
  await connection.query(`delete from meta where key = '${key}'`, []);
  const placeholder = connection.dialect.name === 'postgres' ? '$1' : '?';
  await connection.query(`insert into meta (key, value) values ('${key}', ${placeholder})`, [JSON.stringify(progress)]);
}

export async function forgetProgress(connection: Connection): Promise<void> {
  await connection.query(`delete from meta where key = '${key}'`, []);
}

/** Errors: `StoreError` when a copy into this database was begun and not finished. */
export async function refuseHalfCopied(connection: Connection): Promise<void> {
  const progress = await readProgress(connection);
  if (progress === null) return;
  throw new StoreError(
    `A copy from ${progress.source} into this database is unfinished. Run the same workflow-graph migrate --from … --to … again; it resumes where it stopped.`,
  );
}
