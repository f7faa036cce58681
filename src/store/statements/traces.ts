import { sql } from 'kysely';
import type { AttemptOutcome } from '../../domain/lease.js';
import { keyOf, keyOrChildKey, ordOf, runOf, versionOrdOf } from '../job-id-sql.js';
import { attemptKeys, runKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';

/** An attempt that has ended, with the names that readers know. */
export interface EndedAttemptRow {
  run_id: string;
  traceparent: string | null;
  /** The generation of its job; 1 for an attempt of one before. */
  generation: number;
  workflow_id: string;
  key: string;
  number: number;
  worker_id: string;
  claimed_at_ms: number;
  ended_at_ms: number | null;
  outcome: AttemptOutcome | null;
  error: string | null;
}

/** Attempts by job and number, including those that have not ended. */
export const attemptsToTrace = statement<{ rows: Rows<typeof attemptKeys> }, EndedAttemptRow>(
  'attemptsToTrace',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', attemptKeys).as('r'))
      .innerJoin('attempts as a', (join) => join.onRef('a.job', '=', 'r.job').onRef('a.number', '=', 'r.number'))
      .innerJoin('jobs as j', 'j.id', 'r.job')
      .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('r.job')))
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .leftJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', ordOf('r.job')),
      )
      .select([
        'n.id as run_id',
        'n.traceparent',
        sql<number>`case when a.number >= j.budget_from then j.generation else 1 end`.as('generation'),
        'w.id as workflow_id',
        keyOrChildKey('r.job', 'v', 'n').as('key'),
        'a.number',
        'a.worker_id',
        'a.claimed_at_ms',
        'a.ended_at_ms',
        'a.outcome',
        'a.error',
      ]),
);

/** A job that has ended, and when its first attempt began. */
export interface EndedJobRow {
  run_id: string;
  traceparent: string | null;
  generation: number;
  workflow_id: string;
  key: string;
  state: JobTable['state'];
  error: string | null;
  first_claimed_at_ms: number | null;
  attempts: number;
  ended_at_ms: number | null;
}

const tracedJobs = rowSet({ job: 'integer' });

/** Jobs by their ids. */
export const jobsToTrace = statement<{ rows: Rows<typeof tracedJobs> }, EndedJobRow>('jobsToTrace', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', tracedJobs).as('r'))
    .innerJoin('jobs as j', 'j.id', 'r.job')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('r.job')))
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
    )
    .select([
      'n.id as run_id',
      'n.traceparent',
      'j.generation',
      'w.id as workflow_id',
      keyOf('j', 'v').as('key'),
      'j.state',
      'j.error',
      'j.ended_at_ms',
      sql<number | null>`(select min(a.claimed_at_ms) from attempts as a
        where a.job = r.job and a.number >= j.budget_from)`.as('first_claimed_at_ms'),
      sql<number>`(select count(*) from attempts as a where a.job = r.job and a.number >= j.budget_from)`.as(
        'attempts',
      ),
    ]),
);

/** Runs by their numbers. */
export const runsToTrace = statement<
  { rows: Rows<typeof runKeys> },
  {
    id: string;
    traceparent: string | null;
    generation: number;
    /** When its last re-run began; null when it had none. */
    rerun_at_ms: number | null;
    workflow_id: string;
    state: string;
    created_at_ms: number;
    ended_at_ms: number | null;
  }
>('runsToTrace', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .select([
      'n.id',
      'n.traceparent',
      'n.generation',
      'w.id as workflow_id',
      'n.state',
      'n.created_at_ms',
      'n.ended_at_ms',
    ])
    .select(
      sql<number | null>`(select e.at_ms from reruns as e where e.run = n.no and e.generation = n.generation)`.as(
        'rerun_at_ms',
      ),
    ),
);
