import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Connection, Row } from '../connection.js';
import type { ColumnType } from '../dialect.js';
import { kyselyOver } from '../kysely-over.js';
import { StoreError } from '../store.js';
import type { CopyEnd } from './copy-end.js';
import { forgetProgress, readProgress, writeProgress } from './copy-progress.js';
import { type CopiedTable, copiedTables, seededTables } from './tables.js';

type Column = readonly [name: string, type: ColumnType];
type Key = readonly (string | number)[];

/** Called after each piece; the copy waits for it. */
export type OnProgress = (at: {
  phase: 'copy' | 'verify';
  table: string;
  rows: number;
  of: number;
}) => void | Promise<void>;

/** The result of a copy. */
export interface CopyReport {
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly sha256: string }[];
  /** Whether it resumed an interrupted copy. */
  readonly resumed: boolean;
}

/**
 * Copies everything from one database to another, piece by piece in the order of the keys. Each transaction stores a
 * piece and the progress, so an interrupted copy resumes where it stopped. Then both databases are read again and
 * compared, row by row. A target that holds anything else is refused.
 *
 * Errors: `StoreError`.
 */
export async function copyDatabase(from: CopyEnd, to: CopyEnd, onProgress: OnProgress): Promise<CopyReport> {
  const before = await readProgress(to.connection);
  if (await readProgress(from.connection)) throw new StoreError(`${from.name} is itself an unfinished copy.`);
  if (before === null) await refuseNonEmpty(to);
  else if (before.source !== from.name) {
    throw new StoreError(
      `${to.name} holds an unfinished copy of ${before.source}: finish that, or give an empty database.`,
    );
  }
  const columns = await columnsOf(to.connection);
  for (const table of copiedTables.slice(
    before === null ? 0 : copiedTables.findIndex(({ name }) => name === before.table),
  )) {
    const after = before?.table === table.name ? before.after : null;
    await copyTable(from, to, table, columnsOfTable(columns, table), after, onProgress);
  }
  const tables = [];
  for (const table of copiedTables)
    tables.push(await verifyTable(from, to, table, columnsOfTable(columns, table), onProgress));
  await to.connection.query('analyze', []);
  await inTransaction(to.connection, () => forgetProgress(to.connection));
  return { tables, resumed: before !== null };
}

async function refuseNonEmpty(to: CopyEnd): Promise<void> {
  for (const { name } of copiedTables) {
    if (seededTables.has(name)) continue;
    if ((await countOf(to.connection, name)) > 0) {
      throw new StoreError(`${to.name} is not empty: its table ${name} has rows. Give an empty database.`);
    }
  }
}

/** The columns of the target's tables; after the migrations they equal those of the source. */
async function columnsOf(connection: Connection): Promise<Map<string, Column[]>> {
  const tables = await kyselyOver(connection).introspection.getTables();
  return new Map(
    tables.map((table) => [
      table.name,
      table.columns.map(({ name, dataType }): Column => [name, /int/i.test(dataType) ? 'integer' : 'text']),
    ]),
  );
}

function columnsOfTable(columns: ReadonlyMap<string, Column[]>, { name }: CopiedTable): Column[] {
  const found = columns.get(name);
  if (found === undefined) throw new Error(`there is no table ${name}`);
  return found;
}

async function copyTable(
  from: CopyEnd,
  to: CopyEnd,
  table: CopiedTable,
  columns: readonly Column[],
  resumeAfter: Key | null,
  onProgress: OnProgress,
): Promise<void> {
  const of = await countOf(from.connection, table.name);
  let after = resumeAfter;
  let rows = after === null ? 0 : await countOf(to.connection, table.name);
  if (after === null && seededTables.has(table.name)) await to.connection.query(`delete from ${table.name}`, []);
  for (;;) {
    const page = await readPage(from.connection, table, columns, after);
    const last = page.at(-1);
    if (last !== undefined) after = keyOf(table, last);
    const isOver = page.length < table.rowsAtOnce;
    await inTransaction(to.connection, async () => {
      await insertRows(to.connection, table, columns, page);
      if (isOver) await carryIdentity(from.connection, to.connection, table);
      await writeProgress(to.connection, { source: from.name, table: table.name, after });
    });
    rows += page.length;
    await onProgress({ phase: 'copy', table: table.name, rows, of });
    if (isOver) return;
  }
}

/** Reads both ends again and compares them. */
async function verifyTable(
  from: CopyEnd,
  to: CopyEnd,
  table: CopiedTable,
  columns: readonly Column[],
  onProgress: OnProgress,
): Promise<CopyReport['tables'][number]> {
  const of = await countOf(from.connection, table.name);
  const hash = createHash('sha256');
  let after: Key | null = null;
  let rows = 0;
  for (;;) {
    const source: readonly Row[] = await readPage(from.connection, table, columns, after);
    const target: readonly Row[] = await readPage(to.connection, table, columns, after);
    const text = textOf(source, columns);
    if (text !== textOf(target, columns)) {
      throw new StoreError(
        `${table.name} differs between ${from.name} and ${to.name} after the key ${JSON.stringify(after)}: something wrote to one of them during the copy. Empty the target and copy again, with every server stopped.`,
      );
    }
    hash.update(text);
    rows += source.length;
    await onProgress({ phase: 'verify', table: table.name, rows, of });
    const last = source.at(-1);
    if (last === undefined || source.length < table.rowsAtOnce)
      return { table: table.name, rows, sha256: hash.digest('hex') };
    after = keyOf(table, last);
  }
}

function textOf(rows: readonly Row[], columns: readonly Column[]): string {
  return JSON.stringify(rows.map((row) => columns.map(([name]) => row[name])));
}

function keyOf(table: CopiedTable, row: Row): Key {
  return table.key.map((column) => row[column] as string | number);
}

async function readPage(
  connection: Connection,
  { name, key, rowsAtOnce }: CopiedTable,
  columns: readonly Column[],
  after: Key | null,
): Promise<readonly Row[]> {
  const keys = sql.join(key.map((column) => sql.ref(column)));
  const isAfter = after === null ? sql`` : sql`where (${keys}) > (${sql.join(after)})`;
  const names = sql.join(columns.map(([column]) => sql.ref(column)));
  const query = sql<Row>`select ${names} from ${sql.table(name)} ${isAfter} order by ${keys} limit ${sql.lit(rowsAtOnce)}`;
  return (await query.execute(kyselyOver(connection))).rows;
}

async function insertRows(
  connection: Connection,
  { name }: CopiedTable,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = sql.join(columns.map(([column]) => sql.ref(column)));
  const json = textOf(rows, columns);
  const set = connection.dialect.rowSet(sql`${json}`, columns);
  await sql`insert into ${sql.table(name)} (${names}) select ${names} from ${set} as r`.execute(kyselyOver(connection));
}

/** Numbers that were assigned once are never assigned again, even if their rows are gone. */
async function carryIdentity(from: Connection, to: Connection, { name, identity }: CopiedTable): Promise<void> {
  if (identity === null) return;
  const { rows } = await from.dialect.lastNumber(name, identity).execute(kyselyOver(from));
  const [last] = rows as { value: number }[];
  if (last === undefined) return;
  for (const set of to.dialect.setLastNumber(name, identity, last.value)) await set.execute(kyselyOver(to));
}

async function countOf(connection: Connection, table: string): Promise<number> {
  const [row] = await connection.query(`select count(*) as count from ${table}`, []);
  return Number(row?.count);
}

async function inTransaction(connection: Connection, work: () => Promise<void>): Promise<void> {
  await connection.query(connection.dialect.begin, []);
  try {
    await work();
    await connection.query('commit', []);
  } catch (error) {
    await connection.query('rollback', []);
    throw error;
  }
}
