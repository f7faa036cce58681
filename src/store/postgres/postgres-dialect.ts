import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import type { ColumnType, DialectRecord } from '../dialect.js';

const types: Readonly<Record<ColumnType, string>> = { integer: 'bigint', text: 'text', real: 'double precision' };

/**
 * PostgreSQL 15 and later.
 *
 * Row sets: one JSON parameter, as on SQLite. By default the planner assumes 100 rows for such a set. For these a scan
 * of a small table looks cheaper than lookups, and the plan stays when the table has grown. The condition on the type,
 * which always holds, makes the planner expect one row, so it uses lookups.
 *
 * Claims: the heads of each label set's part of the index `jobs_claimable`, merged, and then locked in order until
 * there are enough. Heads that another server has locked are skipped, so more heads than wanted are read: four times as
 * many and eight. The CTE is materialized, because the planner may otherwise run it once for each row; `% 1 = 0` lowers
 * its row estimate, as above.
 */
export const postgresDialect: DialectRecord = {
  name: 'postgres',
  kysely: {
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  },
  begin: 'begin',
  rowSet(json, columns) {
    const fields = columns.map(([name, type], at) => {
      const value = sql`e.value ->> ${sql.lit(at)}`;
      return type === 'text'
        ? sql`${value} as ${sql.ref(name)}`
        : sql`cast(${value} as ${sql.raw(types[type])}) as ${sql.ref(name)}`;
    });
    return sql`(select ${sql.join(fields)} from jsonb_array_elements(cast(${json} as jsonb)) as e(value)
      where jsonb_typeof(e.value) = 'array')`;
  },
  textSet: (json) => sql`(select e.value from jsonb_array_elements_text(cast(${json} as jsonb)) as e(value))`,
  firstJobsOfSets: (sets, limit) => sql`(
    with heads as materialized (
      select q.id from jsonb_array_elements(cast(${sets} as jsonb)) as s(id)
      cross join lateral (
        select h.id from jobs as h where h.label_set = cast(s.id as bigint) and h.state = 'queued'
        order by h.priority desc, h.enqueued_at_ms, h.id limit cast(${limit} as bigint) * 4 + 8) as q
      where jsonb_typeof(s.id) = 'number')
    select t.* from heads join jobs as t on t.id = heads.id
    where heads.id % 1 = 0 and t.state || '' = 'queued'
    order by t.priority desc, t.enqueued_at_ms, t.id limit cast(${limit} as bigint)
    for update of t skip locked)`,
  hasManyWriters: true,
  lockRows: (alias) => sql`for update of ${sql.ref(alias)}`,
  lockRowsSkippingTaken: (alias) => sql`for update of ${sql.ref(alias)} skip locked`,
  lockName: (text) => sql<boolean>`pg_advisory_xact_lock(hashtextextended(${sql.ref(text)}, 0)) is not null`,
  lockNameUnlessTaken: (text) => sql<boolean>`pg_try_advisory_xact_lock(hashtextextended(${sql.ref(text)}, 0))`,
  collected: (columns, from) =>
    sql<string>`(select coalesce(json_agg(json_build_array(${sql.join(columns)})), '[]')::text ${from})`,
  greatest: (...values) => sql<number>`greatest(${sql.join(values)})`,
  least: (...values) => sql<number>`least(${sql.join(values)})`,
  guard: (column) => sql<string>`(${sql.ref(column)} || '')`,
  leavesNullsOut: false,
  tableOptions: sql``,
  clusteredTableOptions: sql``,
  identity: 'identity',
  findTable: (name) => sql`select name from (select to_regclass(${sql.lit(name)}) as name) as t where name is not null`,
  lastNumber: (table, column) =>
    sql`select last_value as value from ${sql.table(`${table}_${column}_seq`)} where is_called`,
  setLastNumber: (table, column, value) => [
    sql`select setval(pg_get_serial_sequence(${sql.lit(table)}, ${sql.lit(column)}), ${sql.lit(value)})`,
  ],
  integerType: 'bigint',
  textType: sql<string>`text collate "C"`,
  integer: (value) => sql<number>`cast(${value} as bigint)`,
};
