import { sql } from 'kysely';
import type { AttemptOutcome, JobTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/** An attempt that has ended, with the names that readers know it by. */
export interface EndedAttemptRow {
  run_id: string;
  traceparent: string | null;
  workflow_id: string;
  key: string;
  number: number;
  worker_id: string;
  claimed_at_ms: number;
  ended_at_ms: number | null;
  outcome: AttemptOutcome | null;
  error: string | null;
}

/** Attempts by job and number; those that have no end are among them. Rows: job, number. */
export const attemptsToTrace = statement<{ rows: Cells }, EndedAttemptRow>('attemptsToTrace', ({ db, rows }) =>
  db
    .selectFrom(rows<{ job: number; number: number }>('rows', { job: 'integer', number: 'integer' }).as('r'))
    .innerJoin('attempts as a', (join) => join.onRef('a.job', '=', 'r.job').onRef('a.number', '=', 'r.number'))
    .innerJoin('runs as n', (join) => join.on('n.no', '=', sql<number>`r.job / 1048576`))
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', sql<number>`r.job % 1048576`),
    )
    .select([
      'n.id as run_id',
      'n.traceparent',
      'w.id as workflow_id',
      'v.key',
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
  workflow_id: string;
  key: string;
  state: JobTable['state'];
  error: string | null;
  first_claimed_at_ms: number | null;
  attempts: number;
  ended_at_ms: number | null;
}

/** Jobs by their ids. Rows: job. */
export const jobsToTrace = statement<{ rows: Cells }, EndedJobRow>('jobsToTrace', ({ db, rows }) =>
  db
    .selectFrom(rows<{ job: number }>('rows', { job: 'integer' }).as('r'))
    .innerJoin('jobs as j', 'j.id', 'r.job')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', sql<number>`r.job / 1048576`))
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', sql<number>`r.job % 1048576`),
    )
    .select([
      'n.id as run_id',
      'n.traceparent',
      'w.id as workflow_id',
      'v.key',
      'j.state',
      'j.error',
      'j.ended_at_ms',
      sql<number | null>`(select min(a.claimed_at_ms) from attempts as a where a.job = r.job)`.as(
        'first_claimed_at_ms',
      ),
      sql<number>`(select count(*) from attempts as a where a.job = r.job)`.as('attempts'),
    ]),
);

/** Runs by their numbers. Rows: run. */
export const runsToTrace = statement<
  { rows: Cells },
  {
    id: string;
    traceparent: string | null;
    workflow_id: string;
    state: string;
    created_at_ms: number;
    ended_at_ms: number | null;
  }
>('runsToTrace', ({ db, rows }) =>
  db
    .selectFrom(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .select(['n.id', 'n.traceparent', 'w.id as workflow_id', 'n.state', 'n.created_at_ms', 'n.ended_at_ms']),
);
