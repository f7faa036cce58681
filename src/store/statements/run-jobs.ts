import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';

/** A version of a workflow by its number. */
export const versionByNumber = statement<
  { workflow: string; number: number },
  { no: number; name: string; trigger: string; job_count: number }
>('versionByNumber', ({ db, integer, text }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('versions as v', 'v.workflow', 'w.no')
    .where('w.id', '=', text('workflow'))
    .where('v.number', '=', integer('number'))
    .where('v.whole', '=', sql.lit(1))
    .select(['v.no', 'v.name', 'v.trigger', 'v.job_count']),
);

export interface RunJobRow
  extends Pick<JobTable, 'id' | 'state' | 'attempt' | 'enqueued_at_ms' | 'started_at_ms' | 'ended_at_ms'> {
  tolerated: number;
  has_error: number;
  worker_id: string | null;
}

/** The jobs of a run from a row id on, without their specifications. */
export const runJobs = statement<
  { from: number; to: number; limit: number; anyState: number; states: readonly string[] },
  RunJobRow
>('runJobs', ({ db, dialect, integer, json }) =>
  db
    .selectFrom('jobs as j')
    .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'j.id').onRef('a.number', '=', 'j.attempt'))
    .where('j.id', '>=', integer('from'))
    .where('j.id', '<', integer('to'))
    .where((eb) =>
      eb.or([
        eb(integer('anyState'), '=', sql.lit(1)),
        eb('j.state', 'in', sql<JobState>`${dialect.textSet(json('states'))}`),
      ]),
    )
    .orderBy('j.id')
    .limit(integer('limit'))
    .select([
      'j.id',
      'j.state',
      'j.attempt',
      'j.enqueued_at_ms',
      'j.started_at_ms',
      'j.ended_at_ms',
      'j.tolerated',
      sql<number>`case when j.error is null then 0 else 1 end`.as('has_error'),
      'a.worker_id',
    ]),
);
