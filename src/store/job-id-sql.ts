import { type RawBuilder, sql } from 'kysely';
import { firstChildOrdinal } from '../domain/matrix/matrix-spec.js';
import { ordinals } from './job-id.js';

/** A column with its table's alias, as in `r.run`, or an expression. */
type Integer = `${string}.${string}` | RawBuilder<number>;

/** The row id of a job in SQL, from its run's number and its ordinal; see `jobIdOf`. */
export function jobId(run: Integer, ord: Integer): RawBuilder<number> {
  return sql<number>`${expression(run)} * ${sql.lit(ordinals)} + ${expression(ord)}`;
}

/** The lowest row id of a run's jobs; with the next run's number, the end of the range. */
export function firstJobOf(run: Integer): RawBuilder<number> {
  return sql<number>`${expression(run)} * ${sql.lit(ordinals)}`;
}

/** The least row id of a run's children: the jobs of its definition lie below. */
export function firstChildOf(run: Integer): RawBuilder<number> {
  return sql<number>`${expression(run)} * ${sql.lit(ordinals)} + ${sql.lit(firstChildOrdinal)}`;
}

/** The number of a job's run, from the job's row id. */
export function runOf(job: Integer): RawBuilder<number> {
  return sql<number>`${expression(job)} / ${sql.lit(ordinals)}`;
}

/** A job's ordinal, from its row id. */
export function ordOf(job: Integer): RawBuilder<number> {
  return sql<number>`${expression(job)} % ${sql.lit(ordinals)}`;
}

/** The ordinal under which a job's version has it: that of its node for a child. `alias` is that of the row of the job. */
export function versionOrdOf(alias: string): RawBuilder<number> {
  return sql<number>`coalesce(${sql.raw(`${alias}.group_ord`)}, ${sql.raw(`${alias}.id`)} % ${sql.lit(ordinals)})`;
}

/** The key of a job, of a child with its index: `test.3`. */
export function keyOf(job: string, version: string): RawBuilder<string> {
  const [idx, key] = [sql.raw(`${job}.idx`), sql.raw(`${version}.key`)];
  return sql<string>`case when ${idx} is null then ${key} else ${key} || '.' || ${idx} end`;
}

/** The key of a job whose version was looked up by its own ordinal; only a child costs a look at its row. */
export function keyOrChildKey(job: string, version: string, run: string): RawBuilder<string> {
  return sql<string>`coalesce(${sql.raw(`${version}.key`)}, (select g.key || '.' || c.idx from jobs as c
    join version_jobs as g on g.version = ${sql.raw(`${run}.version`)} and g.ord = c.group_ord
    where c.id = ${sql.raw(job)}))`;
}

/** The column as it is, without quotes. */
function expression(integer: Integer): RawBuilder<number> {
  return typeof integer === 'string' ? sql.raw<number>(integer) : integer;
}
