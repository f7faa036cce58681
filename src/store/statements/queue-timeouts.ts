import { type Selectable, sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';

// Jobs that may be claimable or held only for some time. The index `jobs_queue_due` has those that are.

const waitingStates = [sql.lit<JobState>('queued'), sql.lit<JobState>('held')];

const queueDeadlines = rowSet({ id: 'integer', queue_timeout_ms: 'integer', due_at_ms: 'integer' });

/** Stores until when jobs that became claimable, or came to a gate, may wait. */
export const setQueueDeadlines = statement<{ rows: Rows<typeof queueDeadlines> }, never>(
  'setQueueDeadlines',
  ({ db, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', queueDeadlines).as('r'))
      .set({ queue_timeout_ms: sql.ref('r.queue_timeout_ms'), due_at_ms: sql.ref('r.due_at_ms') })
      .whereRef('jobs.id', '=', 'r.id'),
);

/** When the next job has waited too long. */
export const nextQueueDeadline = statement<Record<string, never>, { at_ms: number | null }>(
  'nextQueueDeadline',
  ({ db }) =>
    db
      .selectFrom('jobs')
      .where('due_at_ms', 'is not', null)
      .where('state', 'in', waitingStates)
      .select((eb) => eb.fn.min('due_at_ms').as('at_ms')),
);

export type OverdueJob = Selectable<Pick<JobTable, 'id' | 'state' | 'attempt' | 'queue_timeout_ms'>>;

/** Jobs that have waited too long, the longest overdue first; skips those that another server is handling. */
export const overdueInQueue = statement<{ nowMs: number; limit: number }, OverdueJob>(
  'overdueInQueue',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.due_at_ms', 'is not', null)
      .where('j.state', 'in', waitingStates)
      .where('j.due_at_ms', '<=', integer('nowMs'))
      .orderBy('j.due_at_ms')
      .limit(integer('limit'))
      .select(['j.id', 'j.state', 'j.attempt', 'j.queue_timeout_ms'])
      .modifyEnd(dialect.lockRowsSkippingTaken('j')),
);

const failedInQueue = rowSet({ id: 'integer', error: 'text', tolerated: 'integer' });

/** Fails jobs that have waited too long. */
export const failInQueue = statement<
  { rows: Rows<typeof failedInQueue>; nowMs: number },
  Selectable<Pick<JobTable, 'id' | 'places'>>
>('failInQueue', ({ db, dialect, integer, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', failedInQueue).as('r'))
    .set({
      state: sql.lit<JobState>('failure'),
      ended_at_ms: integer('nowMs'),
      error: sql.ref('r.error'),
      tolerated: sql.ref('r.tolerated'),
    })
    .whereRef('jobs.id', '=', 'r.id')
    .where(dialect.guard('jobs.state'), 'in', waitingStates)
    .returning(['jobs.id', 'jobs.places']),
);
