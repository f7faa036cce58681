import { type RawBuilder, sql } from 'kysely';
import { jobId } from '../job-id-sql.js';
import { jobKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';

/** Characters of an error text, and bytes of outputs, up to which they are read with the job itself. */
const shortMax = 1_000;

/**
 * A job's error text and outputs if they are short, and their lengths: neither database reads a text to get its length.
 */
export const shortResults = {
  error: sql<string | null>`substr(j.error, 1, ${sql.lit(shortMax)})`,
  error_bytes: octets('j.error'),
  outputs: sql<string | null>`case when octet_length(j.outputs) <= ${sql.lit(shortMax)} then j.outputs end`,
  outputs_bytes: octets('j.outputs'),
};

export interface JobResultRow {
  id: number;
  error: string | null;
  outputs: string | null;
}

/** The whole error texts and outputs of some jobs. */
export const jobResults = statement<{ rows: Rows<typeof jobKeys> }, JobResultRow>('jobResults', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', jobKeys).as('r'))
    .innerJoin('jobs as j', 'j.id', 'r.id')
    .select(['j.id', 'j.error', 'j.outputs']),
);

const shownRuns = rowSet({ at: 'integer', version: 'integer', run: 'integer' });

/**
 * Sizes of some workflows in a view. `at` is the caller's number of the workflow. `run` is -1 for a workflow that has
 * not run; otherwise the run's version counts.
 */
export const viewSizes = statement<
  { rows: Rows<typeof shownRuns> },
  { at: number; definition: number; results: number; inputs: number }
>('viewSizes', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', shownRuns).as('r'))
    .leftJoin('runs as n', 'n.no', 'r.run')
    .innerJoin('version_jobs as v', (join) => join.on('v.version', '=', sql<number>`coalesce(n.version, r.version)`))
    .leftJoin('jobs as j', (join) => join.on('j.id', '=', jobId('r.run', 'v.ord')))
    .groupBy('r.at')
    .select([
      'r.at',
      sum(sql`octet_length(v.spec)`).as('definition'),
      sum(sql`coalesce(octet_length(j.error), 0) + coalesce(octet_length(j.outputs), 0)`).as('results'),
      sql<number>`coalesce(max(octet_length(n.inputs)), 0)`.as('inputs'),
    ]),
);

/** The ordinal of a job in its version. */
export const ordinalOfKey = statement<{ version: number; key: string }, { ord: number }>(
  'ordinalOfKey',
  ({ db, integer, text }) =>
    db
      .selectFrom('version_jobs as v')
      .where('v.version', '=', integer('version'))
      .where('v.key', '=', text('key'))
      .select('v.ord'),
);

function octets(column: string): RawBuilder<number | null> {
  return sql<number | null>`octet_length(${sql.ref(column)})`;
}

function sum(value: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`cast(sum(${value}) as bigint)`;
}
