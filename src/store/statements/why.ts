import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { AttemptTable, JobTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

export type WhyJobRow = Pick<
  JobTable,
  'id' | 'state' | 'attempt' | 'conditional' | 'label_set' | 'enqueued_at_ms' | 'delayed_until_ms' | 'ended_at_ms'
>;

/** A job of a run by its key, with what its state follows from. */
export const whyJob = statement<{ version: number; key: string; run: number }, WhyJobRow>(
  'whyJob',
  ({ db, integer, text }) =>
    db
      .selectFrom('version_jobs as v')
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`${integer('run')} * 1048576 + v.ord`))
      .where('v.version', '=', integer('version'))
      .where('v.key', '=', text('key'))
      .select([
        'j.id',
        'j.state',
        'j.attempt',
        'j.conditional',
        'j.label_set',
        'j.enqueued_at_ms',
        'j.delayed_until_ms',
        'j.ended_at_ms',
      ]),
);

export type WhyAttemptRow = Pick<
  AttemptTable,
  'number' | 'worker_id' | 'claimed_at_ms' | 'ended_at_ms' | 'outcome' | 'error' | 'expires_at_ms' | 'timeout_at_ms'
>;

/** The attempts of a job, newest first. */
export const attemptsOfJob = statement<{ job: number; limit: number }, WhyAttemptRow>(
  'attemptsOfJob',
  ({ db, integer }) =>
    db
      .selectFrom('attempts as a')
      .where('a.job', '=', integer('job'))
      .orderBy('a.number', 'desc')
      .limit(integer('limit'))
      .select([
        'a.number',
        'a.worker_id',
        'a.claimed_at_ms',
        'a.ended_at_ms',
        'a.outcome',
        'a.error',
        'a.expires_at_ms',
        'a.timeout_at_ms',
      ]),
);

/**
 * The needs of one job in the order of the definition. Outputs are read only when asked for: they may be a megabyte for
 * each need.
 */
export const needsOfJob = statement<
  { run: number; version: number; ord: number; outputs: number },
  { key: string; state: JobState; outputs: string | null }
>('needsOfJob', ({ db, integer, value }) =>
  db
    .selectFrom('version_edges as e')
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`${integer('run')} * 1048576 + e.from_ord`))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .where('e.version', '=', integer('version'))
    .where('e.to_ord', '=', integer('ord'))
    .orderBy('e.from_ord')
    .select([
      'v.key',
      'j.state',
      sql<string | null>`case when ${value('outputs')} = 1 then j.outputs end`.as('outputs'),
    ]),
);

/** The needs of some jobs of a run that ended without success. Rows: ordinal. */
export const badNeeds = statement<
  { run: number; version: number; rows: Cells; limit: number },
  { ord: number; key: string; state: JobState; conditional: number }
>('badNeeds', ({ db, integer, rows }) =>
  db
    .selectFrom(rows<{ ord: number }>('rows', { ord: 'integer' }).as('r'))
    .innerJoin('version_edges as e', (join) =>
      join.on('e.version', '=', integer('version')).onRef('e.to_ord', '=', 'r.ord'),
    )
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`${integer('run')} * 1048576 + e.from_ord`))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .where('j.state', 'in', [
      sql.lit<JobState>('failure'),
      sql.lit<JobState>('skipped'),
      sql.lit<JobState>('cancelled'),
    ])
    .select(['v.ord', 'v.key', 'j.state', 'j.conditional'])
    .distinct()
    .orderBy('v.ord')
    .limit(integer('limit')),
);

/** The first claimable jobs of a label set in the order in which they are handed out: a walk along `jobs_claimable`. */
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

/** The first request to cancel a run. */
export const cancelRequest = statement<{ run: number }, { at_ms: number; data: string | null }>(
  'cancelRequest',
  ({ db, integer }) =>
    db
      .selectFrom('events as e')
      .where('e.run', '=', integer('run'))
      .where('e.type', '=', sql.lit('run.cancel_requested'))
      .orderBy('e.number')
      .limit(sql.lit(1))
      .select(['e.at_ms', 'e.data']),
);
