import { sql } from 'kysely';
import { jobId } from '../job-id-sql.js';
import { jobPlaces } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import { statement } from '../statement.js';

/** Bytes of outputs that the needs of some jobs have together; the outputs are not read. */
export const upstreamBytes = statement<{ rows: Rows<typeof jobPlaces> }, { job: number; bytes: number }>(
  'upstreamBytes',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', jobPlaces).as('r'))
      .innerJoin('version_edges as e', (join) =>
        join.onRef('e.version', '=', 'r.version').onRef('e.to_ord', '=', 'r.ord'),
      )
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId('r.run', 'e.from_ord')))
      .groupBy('r.job')
      .select(['r.job', sql<number>`cast(sum(coalesce(octet_length(j.outputs), 0)) as bigint)`.as('bytes')]),
);
