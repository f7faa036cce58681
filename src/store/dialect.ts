import type { DialectAdapter, Kysely, QueryCompiler, RawBuilder } from 'kysely';
import type { JobTable } from './tables/jobs.js';

/** How a column of a row set is read from its JSON text. */
export type ColumnType = 'integer' | 'text' | 'real';

/** Where the two databases differ, by name. Everything else is the same query. */
export interface DialectRecord {
  readonly name: 'sqlite' | 'postgres';
  /** Kysely's own parts for this database. */
  readonly kysely: {
    createAdapter(): DialectAdapter;
    createQueryCompiler(): QueryCompiler;
    createIntrospector(db: Kysely<never>): ReturnType<import('kysely').Dialect['createIntrospector']>;
  };
  /** The statement that begins a writing transaction. */
  readonly begin: string;
  /** A table built from a JSON array of arrays, so that one statement with one parameter serves any number of rows. */
  rowSet(json: RawBuilder<unknown>, columns: readonly (readonly [string, ColumnType])[]): RawBuilder<unknown>;
  /** The texts of a JSON array, as a subquery of one column. */
  textSet(json: RawBuilder<unknown>): RawBuilder<unknown>;
  /**
   * The first claimable jobs of some label sets, the most urgent first, as a table expression: `sets` is a JSON array
   * of set ids, `limit` the total number of jobs. They are locked; rows that another server has locked are skipped.
   */
  firstJobsOfSets(sets: RawBuilder<unknown>, limit: RawBuilder<number>): RawBuilder<JobTable>;
  /**
   * Whether several transactions may write at once. Then rows are locked before they are checked, and claims skip jobs
   * that another server has locked, so that finding none does not mean that there is none.
   */
  readonly hasManyWriters: boolean;
  /** Appended to a select whose rows, of the table with this alias, are about to be changed. */
  lockRows(alias: string): RawBuilder<unknown>;
  /** The same, but skips rows that another server has locked. */
  lockRowsSkippingTaken(alias: string): RawBuilder<unknown>;
  /**
   * Locks a name for this transaction, although it may have no row yet: true at once, or when the transaction that
   * holds it has ended. The other is false at once when another transaction holds it.
   */
  lockName(text: string): RawBuilder<boolean>;
  lockNameUnlessTaken(text: string): RawBuilder<boolean>;
  /** The rows that follow `from`, as the JSON text of an array of arrays, in any order. */
  collected(columns: readonly RawBuilder<unknown>[], from: RawBuilder<unknown>): RawBuilder<string>;
  /** The greatest of some values that are not null. */
  greatest(...values: readonly RawBuilder<unknown>[]): RawBuilder<number>;
  /** The least of some values that are not null. */
  least(...values: readonly RawBuilder<unknown>[]): RawBuilder<number>;
  /**
   * A column as a guard on a row that is found by another index: it must not choose the index. A free planner would use
   * the index on queued jobs or live attempts whenever the statistics were gathered while there were few.
   */
  guard(column: string): RawBuilder<string>;
  /**
   * Whether an index on a mostly null column that serves lookups omits the nulls. If it does, the planner may prefer a
   * full scan of it while it is short.
   */
  readonly leavesNullsOut: boolean;
  /** Appended to `create table`. */
  readonly tableOptions: RawBuilder<unknown>;
  /** Appended to `create table` for a table whose rows are read by primary key only. */
  readonly clusteredTableOptions: RawBuilder<unknown>;
  /** The type of an integer column that numbers its rows itself. */
  readonly identity: 'autoincrement' | 'identity';
  /** Selects a row if the table exists, else none. */
  findTable(name: string): RawBuilder<unknown>;
  /** The highest number that an identity column has ever assigned, as `value`; no row when it has assigned none. */
  lastNumber(table: string, column: string): RawBuilder<{ value: number }>;
  /** The statements that continue an identity column after a number. */
  setLastNumber(table: string, column: string, value: number): readonly RawBuilder<unknown>[];
  /** The types of columns: 64-bit integers, and text that is compared byte by byte. */
  readonly integerType: 'integer' | 'bigint';
  readonly textType: 'text' | RawBuilder<string>;
  /** A parameter that is an integer. */
  integer(value: RawBuilder<unknown>): RawBuilder<number>;
}
