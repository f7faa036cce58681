import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { firstChildOf, firstJobOf, jobId } from '../job-id-sql.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';

export interface JobGroupRow extends Pick<JobTable, 'state'> {
  /** Of claimable jobs the label set; 0 for the others. */
  label_set: number;
  /** Of skipped jobs the kind of their `if`; 0 for the others. */
  conditional: number;
  jobs: number;
  enqueued_at_ms: number | null;
  started_at_ms: number | null;
  first_delay_ms: number | null;
  last_delay_ms: number | null;
}

const labelSet = sql<number>`case when j.state = 'queued' then j.label_set else 0 end`;
const conditional = sql<number>`case when j.state = 'skipped' then j.conditional else 0 end`;

/** The jobs of a run in groups of one state, and since when the oldest of each is in that state. */
export const jobGroupsOfRun = statement<{ run: number }, JobGroupRow>('jobGroupsOfRun', ({ db, integer }) =>
  db
    .selectFrom('jobs as j')
    .where('j.id', '>=', firstJobOf(integer('run')))
    .where('j.id', '<', firstChildOf(integer('run')))
    .groupBy(['j.state', labelSet, conditional])
    .select(['j.state', labelSet.as('label_set'), conditional.as('conditional')])
    .select(({ fn }) => [
      fn.countAll<number>().as('jobs'),
      fn.min<number | null>('j.enqueued_at_ms').as('enqueued_at_ms'),
      fn.min<number | null>('j.started_at_ms').as('started_at_ms'),
      fn.min<number | null>('j.delayed_until_ms').as('first_delay_ms'),
      fn.max<number | null>('j.delayed_until_ms').as('last_delay_ms'),
    ]),
);

/** The first jobs of each such group, in the order of the definition. */
export const examplesOfRun = statement<
  { run: number; version: number; each: number },
  { key: string; state: JobState; label_set: number; conditional: number }
>('examplesOfRun', ({ db, integer }) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('jobs as j')
        .where('j.id', '>=', firstJobOf(integer('run')))
        .where('j.id', '<', firstChildOf(integer('run')))
        .where('j.state', '!=', sql.lit<JobState>('success'))
        .where('j.state', '!=', sql.lit<JobState>('failure'))
        .select(['j.id', 'j.state', labelSet.as('label_set'), conditional.as('conditional')])
        .select(
          sql<number>`row_number() over (partition by j.state, ${labelSet}, ${conditional} order by j.id)`.as('place'),
        )
        .as('g'),
    )
    .innerJoin('version_jobs as v', (join) =>
      join.on('v.version', '=', integer('version')).on('g.id', '=', jobId(integer('run'), 'v.ord')),
    )
    .where('g.place', '<=', integer('each'))
    .orderBy('g.id')
    .select(['v.key', 'g.state', 'g.label_set', 'g.conditional']),
);

/** The failed jobs of a run with the beginnings of their errors, in the order of the definition. */
export const failuresOfRun = statement<
  { run: number; version: number; limit: number; errorChars: number },
  { key: string; tolerated: number; error: string | null }
>('failuresOfRun', ({ db, integer }) =>
  db
    .selectFrom('jobs as j')
    .innerJoin('version_jobs as v', (join) =>
      join.on('v.version', '=', integer('version')).on('j.id', '=', jobId(integer('run'), 'v.ord')),
    )
    .where('j.id', '>=', firstJobOf(integer('run')))
    .where('j.id', '<', firstChildOf(integer('run')))
    .where('j.state', '=', sql.lit<JobState>('failure'))
    .orderBy('j.id')
    .limit(integer('limit'))
    .select([
      'v.key',
      'j.tolerated',
      sql<string | null>`substr(j.error, 1, cast(${integer('errorChars')} as integer))`.as('error'),
    ]),
);

/** The running or claimable jobs of a run that most waiting jobs directly need; and the number of such jobs. */
export const holdersOfRun = statement<
  { run: number; version: number; limit: number },
  { key: string; state: JobState; holds: number; holders: number }
>('holdersOfRun', ({ db, integer }) =>
  db
    .selectFrom('jobs as f')
    .innerJoin('version_jobs as v', (join) =>
      join.on('v.version', '=', integer('version')).on('f.id', '=', jobId(integer('run'), 'v.ord')),
    )
    .innerJoin('version_edges as e', (join) =>
      join.onRef('e.version', '=', 'v.version').onRef('e.from_ord', '=', 'v.ord'),
    )
    .innerJoin('jobs as t', (join) => join.on('t.id', '=', jobId(integer('run'), 'e.to_ord')))
    .where('f.id', '>=', firstJobOf(integer('run')))
    .where('f.id', '<', firstChildOf(integer('run')))
    .where('f.state', 'in', [
      sql.lit<JobState>('queued'),
      sql.lit<JobState>('running'),
      sql.lit<JobState>('open'),
      sql.lit<JobState>('delayed'),
    ])
    .where('t.state', '=', sql.lit<JobState>('waiting'))
    .groupBy(['f.id', 'f.state', 'v.key'])
    .orderBy(sql`count(*)`, 'desc')
    .orderBy('f.id')
    .limit(integer('limit'))
    .select(['v.key', 'f.state'])
    .select(({ fn }) => fn.countAll<number>().as('holds'))
    .select(sql<number>`count(*) over ()`.as('holders')),
);
