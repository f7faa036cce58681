import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { firstJobOf, ordOf, runOf } from '../job-id-sql.js';
import { jobKeys } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import { statement } from '../statement.js';
import type { MatrixTable } from '../tables/jobs.js';

// What readers see of jobs with a matrix; `matrices.ts` changes them.

/** The jobs with a matrix of a version, in order, and where their children begin. */
export const groupsOfVersion = statement<{ version: number }, { ord: number; children_from: number }>(
  'groupsOfVersion',
  ({ db, integer }) =>
    db
      .selectFrom('version_jobs as v')
      .where('v.version', '=', integer('version'))
      .where('v.children_from', 'is not', null)
      .orderBy('v.ord')
      .select(['v.ord', 'v.children_from'])
      .$castTo<{ ord: number; children_from: number }>(),
);

/** A job with a matrix of a version, by its key. */
export const groupByKey = statement<{ version: number; key: string }, { ord: number; children_from: number }>(
  'groupByKey',
  ({ db, integer, text }) =>
    db
      .selectFrom('version_jobs as v')
      .where('v.version', '=', integer('version'))
      .where('v.key', '=', text('key'))
      .where('v.children_from', 'is not', null)
      .select(['v.ord', 'v.children_from'])
      .$castTo<{ ord: number; children_from: number }>(),
);

/** How the children of some nodes stand. */
export const matricesOfJobs = statement<
  { rows: Rows<typeof jobKeys> },
  Pick<MatrixTable, 'job' | 'total' | 'open' | 'failed' | 'cancelled'>
>('matricesOfJobs', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', jobKeys).as('r'))
    .innerJoin('matrices as m', 'm.job', 'r.id')
    .select(['m.job', 'm.total', 'm.open', 'm.failed', 'm.cancelled']),
);

/** The first failed child of a node. It is looked for among the node's children, at most 10,000. */
export const failedChildOfNode = statement<
  { version: number; node: number },
  { key: string; idx: number; name: string | null; error: string | null }
>('failedChildOfNode', ({ db, integer }) =>
  db
    .selectFrom('matrices as m')
    .innerJoin('version_jobs as v', (join) =>
      join.on('v.version', '=', integer('version')).on('v.ord', '=', ordOf(integer('node'))),
    )
    .innerJoin('jobs as j', (join) =>
      join
        .on('j.id', '>=', sql<number>`${firstJobOf(runOf(integer('node')))} + v.children_from`)
        .on('j.id', '<', sql<number>`${firstJobOf(runOf(integer('node')))} + v.children_from + m.total`),
    )
    .where('m.job', '=', integer('node'))
    .where('j.state', '=', sql.lit<JobState>('failure'))
    .orderBy('j.id')
    .limit(sql.lit(1))
    .select(['v.key', 'j.idx', 'j.name', 'j.error'])
    .$castTo<{ key: string; idx: number; name: string | null; error: string | null }>(),
);

/** How the children of a run's nodes stand, for a range of nodes. */
export const matricesInRange = statement<
  { from: number; to: number },
  Pick<MatrixTable, 'job' | 'total' | 'open' | 'failed' | 'cancelled'>
>('matricesInRange', ({ db, integer }) =>
  db
    .selectFrom('matrices')
    .where('job', '>=', integer('from'))
    .where('job', '<', integer('to'))
    .orderBy('job')
    .select(['job', 'total', 'open', 'failed', 'cancelled']),
);
