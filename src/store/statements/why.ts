import { type Selectable, sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { jobId } from '../job-id-sql.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { AttemptTable } from '../tables/attempts.js';
import type { JobTable } from '../tables/jobs.js';

export type WhyJobRow = Pick<
  Selectable<JobTable>,
  | 'id'
  | 'state'
  | 'attempt'
  | 'conditional'
  | 'label_set'
  | 'enqueued_at_ms'
  | 'delayed_until_ms'
  | 'ended_at_ms'
  | 'error'
  | 'generation'
  | 'budget_from'
  | 'tolerated'
>;

const whyColumns = [
  'j.id',
  'j.state',
  'j.attempt',
  'j.conditional',
  'j.error',
  'j.label_set',
  'j.enqueued_at_ms',
  'j.delayed_until_ms',
  'j.ended_at_ms',
  'j.generation',
  'j.budget_from',
  'j.tolerated',
] as const;

/** A job of a run by its key, with the facts behind its state. */
export const whyJob = statement<{ version: number; key: string; run: number }, WhyJobRow>(
  'whyJob',
  ({ db, integer, text }) =>
    db
      .selectFrom('version_jobs as v')
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'v.ord')))
      .where('v.version', '=', integer('version'))
      .where('v.key', '=', text('key'))
      .select(whyColumns),
);

/** The same for a child, by its row id. */
export const whyChild = statement<{ id: number }, WhyJobRow>('whyChild', ({ db, integer }) =>
  db.selectFrom('jobs as j').where('j.id', '=', integer('id')).select(whyColumns),
);

export type WhyAttemptRow = Pick<
  Selectable<AttemptTable>,
  | 'number'
  | 'worker_id'
  | 'claimed_at_ms'
  | 'ended_at_ms'
  | 'outcome'
  | 'error'
  | 'exit_code'
  | 'expires_at_ms'
  | 'timeout_at_ms'
  | 'log_gap'
  | 'log_bytes'
  | 'stop_reason'
  | 'stop_by_ms'
>;

/** The attempts of a job up to a number, newest first, with the beginnings of their error texts. */
export const attemptsOfJob = statement<{ job: number; upTo: number; limit: number; errorChars: number }, WhyAttemptRow>(
  'attemptsOfJob',
  ({ db, integer }) =>
    db
      .selectFrom('attempts as a')
      .where('a.job', '=', integer('job'))
      .where('a.number', '<=', integer('upTo'))
      .orderBy('a.number', 'desc')
      .limit(integer('limit'))
      .select([
        'a.number',
        'a.worker_id',
        'a.claimed_at_ms',
        'a.ended_at_ms',
        'a.outcome',
        sql<string | null>`substr(a.error, 1, cast(${integer('errorChars')} as integer))`.as('error'),
        'a.exit_code',
        'a.expires_at_ms',
        'a.timeout_at_ms',
        'a.log_gap',
        'a.log_bytes',
        'a.stop_reason',
        'a.stop_by_ms',
      ]),
);

/** The needs of one job in the order of the definition. */
export const needsOfJob = statement<
  { run: number; version: number; ord: number },
  { id: number; key: string; state: JobState; settled: number; tolerated: number }
>('needsOfJob', ({ db, integer }) =>
  db
    .selectFrom('version_edges as e')
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'e.from_ord')))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .where('e.version', '=', integer('version'))
    .where('e.to_ord', '=', integer('ord'))
    .orderBy('e.from_ord')
    .select(['j.id', 'v.key', 'j.state', 'j.settled', 'j.tolerated']),
);

const ordinals = rowSet({ ord: 'integer' });

/** The needs of some jobs of a run that ended without success. */
export const badNeeds = statement<
  { run: number; version: number; rows: Rows<typeof ordinals>; limit: number },
  { ord: number; key: string; state: JobState; conditional: number }
>('badNeeds', ({ db, integer, rows }) =>
  db
    .selectFrom(rows('rows', ordinals).as('r'))
    .innerJoin('version_edges as e', (join) =>
      join.on('e.version', '=', integer('version')).onRef('e.to_ord', '=', 'r.ord'),
    )
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'e.from_ord')))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .where('j.state', 'in', [
      sql.lit<JobState>('failure'),
      sql.lit<JobState>('skipped'),
      sql.lit<JobState>('cancelled'),
    ])
    .where('j.tolerated', '=', sql.lit(0))
    .select(['v.ord', 'v.key', 'j.state', 'j.conditional'])
    .distinct()
    .orderBy('v.ord')
    .limit(integer('limit')),
);

/** The first claimable jobs of a label set in the order of their claims: a walk along `jobs_claimable`. */
export const firstClaimable = statement<{ labelSet: number; limit: number }, { id: number }>(
  'firstClaimable',
  ({ db, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.label_set', '=', integer('labelSet'))
      .where('j.state', '=', sql.lit<JobState>('queued'))
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit'))
      .select('j.id'),
);

/** The first request to cancel a run since a time. */
export const cancelRequest = statement<{ run: number; sinceMs: number }, { at_ms: number; data: string | null }>(
  'cancelRequest',
  ({ db, integer }) =>
    db
      .selectFrom('events as e')
      .where('e.run', '=', integer('run'))
      .where('e.type', '=', sql.lit('run.cancel_requested'))
      .where('e.at_ms', '>=', integer('sinceMs'))
      .orderBy('e.number')
      .limit(sql.lit(1))
      .select(['e.at_ms', 'e.data']),
);
