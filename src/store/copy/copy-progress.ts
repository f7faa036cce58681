import type { Connection } from '../connection.js';
import { StoreError } from '../store.js';

/** How far a copy has come, kept in the target with what was copied. */
export interface CopyProgress {
  /** What is copied, so that a copy of something else does not go on with it. */
  readonly source: string;
  /** The table that is being copied. */
  readonly table: string;
  /** The key of the last row that is there; null before the first. */
  readonly after: readonly (string | number)[] | null;
}

const key = 'copy';

export async function readProgress(connection: Connection): Promise<CopyProgress | null> {
  const [row] = await connection.query(`select value from meta where key = '${key}'`, []);
  return row === undefined ? null : (JSON.parse(String(row.value)) as CopyProgress);
}

/** To be called in the transaction that copies. */
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
    `A copy from ${progress.source} into this database is not finished. Run the same workflow-graph migrate --from … --to … again; it goes on where it stopped.`,
  );
}
