import { type Selectable, sql } from 'kysely';
import type { StopReason } from '../../domain/lease.js';
import type { JobState } from '../../domain/states.js';
import { jobId, runOf } from '../job-id-sql.js';
import { attemptKeys, jobKeys, jobPlaces } from '../row-keys.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import { type JobTable, settledState } from '../tables/jobs.js';

/**
 * Locks some jobs and their attempts against other servers until the transaction ends. Code that changes an attempt
 * locks its job first, and always in this order, so there is no deadlock. Later reads see what the last holder left.
 */
export const lockJobs = statement<{ rows: Rows<typeof jobKeys> }, never>(
  'lockJobs',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', jobKeys).as('r'))
      .innerJoin('jobs as j', 'j.id', 'r.id')
      .orderBy('j.id')
      .select('j.id')
      .$castTo<never>()
      .modifyEnd(dialect.lockRows('j')),
  false,
);

const jobsLeavingRunning = rowSet({
  id: 'integer',
  state: textOf<JobState>(),
  attempt: 'integer',
  ended_at_ms: 'integer?',
  enqueued_at_ms: 'integer?',
  delayed_until_ms: 'integer?',
  error: 'text?',
  outputs: 'text?',
  tolerated: 'integer',
});

/** Ends running jobs, or queues them again. */
export const leaveRunning = statement<
  { rows: Rows<typeof jobsLeavingRunning> },
  Selectable<Pick<JobTable, 'id' | 'state' | 'label_set' | 'places' | 'due_at_ms'>>
>('leaveRunning', ({ db, dialect, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', jobsLeavingRunning).as('r'))
    .set({
      state: sql.ref('r.state'),
      attempt: sql.ref('r.attempt'),
      ended_at_ms: sql.ref('r.ended_at_ms'),
      // A job that ends keeps the time, so that readers see how long it waited.
      enqueued_at_ms: sql<number | null>`coalesce(r.enqueued_at_ms, jobs.enqueued_at_ms)`,
      delayed_until_ms: sql.ref('r.delayed_until_ms'),
      error: sql.ref('r.error'),
      outputs: sql.ref('r.outputs'),
      tolerated: sql.ref('r.tolerated'),
      // A released job has the same attempt before it again, and the time that it had left.
      due_at_ms: sql<number | null>`case when r.attempt = jobs.attempt then jobs.due_at_ms
        else r.enqueued_at_ms + jobs.queue_timeout_ms end`,
    })
    .whereRef('jobs.id', '=', 'r.id')
    .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('running'))
    .returning(['jobs.id', 'jobs.state', 'jobs.label_set', 'jobs.places', 'jobs.due_at_ms']),
);

/** Queues delayed jobs whose delay is over, at most `limit`. */
export const queueDueJobs = statement<
  { nowMs: number; limit: number },
  Selectable<Pick<JobTable, 'id' | 'label_set' | 'attempt' | 'due_at_ms'>>
>('queueDueJobs', ({ db, dialect, integer }) =>
  db
    .updateTable('jobs')
    .set({
      state: sql.lit<JobState>('queued'),
      enqueued_at_ms: integer('nowMs'),
      due_at_ms: sql<number | null>`${integer('nowMs')} + queue_timeout_ms`,
    })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('jobs as d')
        .select('d.id')
        .where('d.state', '=', sql.lit<JobState>('delayed'))
        .where('d.delayed_until_ms', '<=', integer('nowMs'))
        .orderBy('d.delayed_until_ms')
        .limit(integer('limit'))
        .modifyEnd(dialect.lockRowsSkippingTaken('d')),
    )
    .returning(['id', 'label_set', 'attempt', 'due_at_ms']),
);

/** When the next delayed retry is due. */
export const nextDelayedJob = statement<Record<string, never>, { at_ms: number | null }>('nextDelayedJob', ({ db }) =>
  db
    .selectFrom('jobs')
    .where('state', '=', sql.lit<JobState>('delayed'))
    .select((eb) => eb.fn.min('delayed_until_ms').as('at_ms')),
);

const endedNeeds = rowSet({ run: 'integer', version: 'integer', ord: 'integer', bad: 'integer' });

/**
 * Propagates ended jobs to their dependents. The cost is the out-degree of the ended jobs. A job that was cancelled
 * while it waited for them, and is held, stops being held with the last of them; one that was cancelled while it ran is
 * held without open needs, until its attempt has stopped. `bad` is 1 for a job that ended without success.
 */
export const lowerOpenNeeds = statement<
  { rows: Rows<typeof endedNeeds> },
  Pick<JobTable, 'id' | 'state' | 'pending' | 'bad' | 'conditional' | 'label_set'>
>('lowerOpenNeeds', ({ db, dialect, rows }) =>
  db
    .updateTable('jobs')
    .from((eb) =>
      eb
        .selectFrom(rows('rows', endedNeeds).as('r'))
        .innerJoin('version_edges as e', (join) =>
          join.onRef('e.version', '=', 'r.version').onRef('e.from_ord', '=', 'r.ord'),
        )
        .select([
          jobId('r.run', 'e.to_ord').as('id'),
          sql<number>`count(*)`.as('ended'),
          sql<number>`cast(sum(r.bad) as bigint)`.as('bad'),
        ])
        .groupBy(sql`1`)
        .orderBy(sql`1`)
        .as('c'),
    )
    .set({
      pending: sql<number>`jobs.pending - c.ended`,
      bad: sql<number>`jobs.bad + c.bad`,
      settled: sql<number>`case when jobs.pending = c.ended then ${sql.lit(settledState.propagated)} else jobs.settled end`,
    })
    .whereRef('jobs.id', '=', 'c.id')
    .where((eb) =>
      eb.or([
        eb(dialect.guard('jobs.state'), '=', sql.lit<JobState>('waiting')),
        eb('jobs.settled', '=', sql.lit(settledState.held)).and('jobs.pending', '>', sql.lit(0)),
      ]),
    )
    .returning(['jobs.id', 'jobs.state', 'jobs.pending', 'jobs.bad', 'jobs.conditional', 'jobs.label_set']),
);

const jobsLeavingWaiting = rowSet({
  id: 'integer',
  state: textOf<JobState>(),
  enqueued_at_ms: 'integer?',
  ended_at_ms: 'integer?',
});

/** Applies decisions on waiting jobs. */
export const leaveWaiting = statement<{ rows: Rows<typeof jobsLeavingWaiting> }, { id: number }>(
  'leaveWaiting',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', jobsLeavingWaiting).as('r'))
      .set({
        state: sql.ref('r.state'),
        enqueued_at_ms: sql.ref('r.enqueued_at_ms'),
        ended_at_ms: sql.ref('r.ended_at_ms'),
      })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('waiting'))
      .returning('jobs.id'),
);

const computedJobs = rowSet({ id: 'integer', label_set: 'integer', priority: 'integer', name: 'text?' });

/** Stores the evaluated expressions of waiting jobs, for claims and readers. */
export const setComputed = statement<{ rows: Rows<typeof computedJobs> }, never>('setComputed', ({ db, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', computedJobs).as('r'))
    .set({ label_set: sql.ref('r.label_set'), priority: sql.ref('r.priority'), name: sql.ref('r.name') })
    .whereRef('jobs.id', '=', 'r.id')
    .where('jobs.state', '=', sql.lit<JobState>('waiting')),
);

const jobErrors = rowSet({ id: 'integer', error: 'text', tolerated: 'integer' });

/** Records why jobs failed without an attempt. */
export const setJobErrors = statement<{ rows: Rows<typeof jobErrors> }, never>('setJobErrors', ({ db, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', jobErrors).as('r'))
    .set({ error: sql.ref('r.error'), tolerated: sql.ref('r.tolerated') })
    .whereRef('jobs.id', '=', 'r.id')
    .where('jobs.state', '=', sql.lit<JobState>('failure')),
);

const settledJobs = rowSet({ id: 'integer', settled: 'integer' });

/** Sets the `settledState` of ended jobs. */
export const markSettled = statement<{ rows: Rows<typeof settledJobs> }, never>('markSettled', ({ db, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', settledJobs).as('r'))
    .set({ settled: sql.ref('r.settled') })
    .whereRef('jobs.id', '=', 'r.id'),
);

/** Ended jobs whose end has not propagated yet; skips those that another server is handling. */
export const unsettledJobs = statement<
  { limit: number },
  { id: number; state: JobState; tolerated: number; version: number }
>('unsettledJobs', ({ db, dialect, integer }) =>
  db
    .selectFrom('jobs as j')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('j.id')))
    .where('j.settled', '=', sql.lit(settledState.pending))
    .orderBy('j.id')
    .limit(integer('limit'))
    .select(['j.id', 'j.state', 'j.tolerated', 'n.version'])
    .modifyEnd(dialect.lockRowsSkippingTaken('j')),
);

/** How the needs of some jobs ended. `need` is the row id of the needed job. */
export const needsOfJobs = statement<
  { rows: Rows<typeof jobPlaces> },
  {
    job: number;
    need: number;
    key: string;
    state: JobState;
    tolerated: number;
    /** Of a job with a matrix: how many children it has, and how many of them failed. */
    count: number | null;
    failed: number | null;
  }
>('needsOfJobs', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', jobPlaces).as('r'))
    .innerJoin('version_edges as e', (join) =>
      join.onRef('e.version', '=', 'r.version').onRef('e.to_ord', '=', 'r.ord'),
    )
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId('r.run', 'e.from_ord')))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .leftJoin('matrices as m', 'm.job', 'j.id')
    .select(['r.job', 'j.id as need', 'v.key', 'j.state', 'j.tolerated', 'm.total as count', 'm.failed']),
);

/** The outputs of some jobs, as JSON. Jobs without outputs are absent. */
export const outputsOfJobs = statement<{ rows: Rows<typeof jobKeys> }, { id: number; outputs: string }>(
  'outputsOfJobs',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', jobKeys).as('r'))
      .innerJoin('jobs as j', 'j.id', 'r.id')
      .where('j.outputs', 'is not', null)
      .select(['j.id', 'j.outputs'])
      .$narrowType<{ outputs: string }>(),
);

/** A job of a run by its key. */
export const jobByKey = statement<
  { version: number; key: string; run: number },
  Pick<JobTable, 'id' | 'state' | 'attempt'>
>('jobByKey', ({ db, integer, text }) =>
  db
    .selectFrom('version_jobs as v')
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'v.ord')))
    .where('v.version', '=', integer('version'))
    .where('v.key', '=', text('key'))
    .select(['j.id', 'j.state', 'j.attempt']),
);

/** The same for a child, by its row id. */
export const jobById = statement<{ id: number }, Pick<JobTable, 'id' | 'state' | 'attempt'>>(
  'jobById',
  ({ db, integer }) => db.selectFrom('jobs').where('id', '=', integer('id')).select(['id', 'state', 'attempt']),
);

/**
 * Cancels the unended jobs of a range, except those whose `if` may hold after a cancel, unless forced. With `hold`,
 * running jobs and jobs that wait for others are held: their ends propagate when all of that has stopped.
 */
export const cancelJobs = statement<
  { fromId: number; toId: number; nowMs: number; spareUpTo: number; hold: number },
  Selectable<Pick<JobTable, 'id' | 'attempt' | 'started_at_ms' | 'settled' | 'places'>>
>('cancelJobs', ({ db, integer }) =>
  db
    .updateTable('jobs')
    .set({
      state: sql.lit<JobState>('cancelled'),
      ended_at_ms: integer('nowMs'),
      settled: sql<number>`case when ${integer('hold')} = 1
        and (state = 'running' or (state = 'waiting' and pending > 0))
        then ${sql.lit(settledState.held)} else settled end`,
    })
    .where('id', '>=', integer('fromId'))
    .where('id', '<', integer('toId'))
    .where((eb) =>
      eb.or([
        eb('state', 'in', [
          sql.lit<JobState>('held'),
          sql.lit<JobState>('queued'),
          sql.lit<JobState>('delayed'),
          sql.lit<JobState>('waiting'),
        ]).and('conditional', '<=', integer('spareUpTo')),
        eb('state', '=', sql.lit<JobState>('running')),
      ]),
    )
    .returning(['id', 'attempt', 'started_at_ms', 'settled', 'places']),
);

/** A live attempt of a job that was cancelled. */
export interface CancelledAttempt {
  job: number;
  number: number;
  claimed_at_ms: number;
  deadline_ms: number;
}

/**
 * Records that the workers of cancelled jobs' live attempts must stop them. One that must stop already, because of its
 * timeout, keeps its deadline.
 */
export const cancelLiveAttempts = statement<{ byMs: number; rows: Rows<typeof attemptKeys> }, CancelledAttempt>(
  'cancelLiveAttempts',
  ({ db, dialect, integer, rows }) =>
    db
      .updateTable('attempts')
      .from(rows('rows', attemptKeys).as('r'))
      .set({
        stop_reason: sql.lit<StopReason>('cancelled'),
        stop_by_ms: sql<number>`coalesce(attempts.stop_by_ms, ${integer('byMs')})`,
        deadline_ms: dialect.least(
          sql`case when attempts.received = 1 then attempts.expires_at_ms else attempts.deadline_ms end`,
          sql`coalesce(attempts.stop_by_ms, ${integer('byMs')})`,
        ),
      })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .returning(['attempts.job', 'attempts.number', 'attempts.claimed_at_ms', 'attempts.deadline_ms']),
);
