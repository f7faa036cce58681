import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/**
 * SQLite changes tables within transactions, which Kysely does not use by default: with it a migration is complete or
 * never began.
 */
class AtomicMigrations extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/**
 * SQLite. There is one writer, so nothing is locked row by row.
 *
 * A parameter that is compared with an indexed column is cast: this build of SQLite gathers histograms, and a bare
 * parameter makes it plan the statement again at each execution (4 µs against 0.4 µs).
 */
export const sqliteDialect: DialectRecord = {
  name: 'sqlite',
  kysely: {
    createAdapter: () => new AtomicMigrations(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  },
  begin: 'begin immediate',
  rowSet(json, columns) {
    const fields = columns.map(([name, type], at) => {
      const value = sql`value ->> ${sql.lit(at)}`;
      return type === 'text'
        ? sql`${value} as ${sql.ref(name)}`
        : sql`cast(${value} as ${sql.raw(type)}) as ${sql.ref(name)}`;
    });
    return sql`(select ${sql.join(fields)} from jsonb_each(${json}))`;
  },
  textSet: (json) => sql`(select value from json_each(${json}))`,
  firstJobsOfSets: (sets, limit) => sql`(
    select h.* from json_each(${sets}) as s cross join jobs as h on h.id in (
      select q.id from jobs as q where q.label_set = cast(s.value as integer) and q.state = 'queued'
      order by q.priority desc, q.enqueued_at_ms, q.id limit ${limit}))`,
  hasManyWriters: false,
  lockRows: () => sql``,
  lockRowsSkippingTaken: () => sql``,
  lockName: () => sql<boolean>`1 = 1`,
  lockNameUnlessTaken: () => sql<boolean>`1 = 1`,
  collected: (columns, from) => sql<string>`(select json_group_array(json_array(${sql.join(columns)})) ${from})`,
  greatest: (...values) => sql<number>`max(${sql.join(values)})`,
  least: (...values) => sql<number>`min(${sql.join(values)})`,
  guard: (column) => sql<string>`+${sql.ref(column)}`,
  leavesNullsOut: true,
  tableOptions: sql`strict`,
  clusteredTableOptions: sql`strict, without rowid`,
  identity: 'autoincrement',
  findTable: (name) => sql`select name from sqlite_schema where type = 'table' and name = ${sql.lit(name)}`,
  lastNumber: (table) => sql`select seq as value from sqlite_sequence where name = ${sql.lit(table)}`,
  setLastNumber: (table, _, value) => [
    sql`delete from sqlite_sequence where name = ${sql.lit(table)}`,
    sql`insert into sqlite_sequence (name, seq) values (${sql.lit(table)}, ${sql.lit(value)})`,
  ],
  integerType: 'integer',
  textType: 'text',
  integer: (value) => sql<number>`cast(${value} as integer)`,
};
