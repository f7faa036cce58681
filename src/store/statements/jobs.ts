import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { JobTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/**
 * Keeps other servers from changing some jobs and their attempts until the transaction ends. Whoever changes an attempt
 * locks its job before, and always in this order, so that two servers never wait for one another. What is read after it
 * is as the last holder left it. Rows: job.
 */
export const lockJobs = statement<{ rows: Cells }, never>(
  'lockJobs',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows<{ id: number }>('rows', { id: 'integer' }).as('r'))
      .innerJoin('jobs as j', 'j.id', 'r.id')
      .orderBy('j.id')
      .select('j.id')
      .$castTo<never>()
      .modifyEnd(dialect.lockRows('j')),
  false,
);

/** Ends running jobs, or queues them again. Rows: job, state, attempt, ended at, enqueued at, delayed until, error, outputs, settled. */
export const leaveRunning = statement<{ rows: Cells }, Pick<JobTable, 'id' | 'state' | 'label_set'>>(
  'leaveRunning',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(
        rows<{
          id: number;
          state: JobState;
          attempt: number;
          ended_at_ms: number | null;
          enqueued_at_ms: number | null;
          delayed_until_ms: number | null;
          error: string | null;
          outputs: string | null;
        }>('rows', {
          id: 'integer',
          state: 'text',
          attempt: 'integer',
          ended_at_ms: 'integer',
          enqueued_at_ms: 'integer',
          delayed_until_ms: 'integer',
          error: 'text',
          outputs: 'text',
        }).as('r'),
      )
      .set({
        state: sql.ref('r.state'),
        attempt: sql.ref('r.attempt'),
        ended_at_ms: sql.ref('r.ended_at_ms'),
        enqueued_at_ms: sql.ref('r.enqueued_at_ms'),
        delayed_until_ms: sql.ref('r.delayed_until_ms'),
        error: sql.ref('r.error'),
        outputs: sql.ref('r.outputs'),
      })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('running'))
      .returning(['jobs.id', 'jobs.state', 'jobs.label_set']),
);

/** Queues delayed jobs whose time has come, at most `limit`. */
export const queueDueJobs = statement<{ nowMs: number; limit: number }, Pick<JobTable, 'id' | 'label_set' | 'attempt'>>(
  'queueDueJobs',
  ({ db, dialect, integer }) =>
    db
      .updateTable('jobs')
      .set({ state: sql.lit<JobState>('queued'), enqueued_at_ms: integer('nowMs') })
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
      .returning(['id', 'label_set', 'attempt']),
);

/** When the next delayed retry falls due. */
export const nextDelayedJob = statement<Record<string, never>, { at_ms: number | null }>('nextDelayedJob', ({ db }) =>
  db
    .selectFrom('jobs')
    .where('state', '=', sql.lit<JobState>('delayed'))
    .select((eb) => eb.fn.min('delayed_until_ms').as('at_ms')),
);

/**
 * Tells the jobs that need some ended jobs. The cost is the out-degree of those. Rows: run, version, ordinal, and 1 when
 * it ended without success.
 */
export const lowerOpenNeeds = statement<
  { rows: Cells },
  Pick<JobTable, 'id' | 'pending' | 'bad' | 'conditional' | 'label_set'>
>('lowerOpenNeeds', ({ db, dialect, rows }) =>
  db
    .updateTable('jobs')
    .from((eb) =>
      eb
        .selectFrom(
          rows<{ run: number; version: number; ord: number; bad: number }>('rows', {
            run: 'integer',
            version: 'integer',
            ord: 'integer',
            bad: 'integer',
          }).as('r'),
        )
        .innerJoin('version_edges as e', (join) =>
          join.onRef('e.version', '=', 'r.version').onRef('e.from_ord', '=', 'r.ord'),
        )
        .select([
          sql<number>`r.run * 1048576 + e.to_ord`.as('id'),
          sql<number>`count(*)`.as('ended'),
          sql<number>`cast(sum(r.bad) as bigint)`.as('bad'),
        ])
        .groupBy(sql`1`)
        .orderBy(sql`1`)
        .as('c'),
    )
    .set({ pending: sql<number>`jobs.pending - c.ended`, bad: sql<number>`jobs.bad + c.bad` })
    .whereRef('jobs.id', '=', 'c.id')
    .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('waiting'))
    .returning(['jobs.id', 'jobs.pending', 'jobs.bad', 'jobs.conditional', 'jobs.label_set']),
);

/** Applies what was decided for waiting jobs. Rows: job, state, enqueued at, ended at, settled. */
export const leaveWaiting = statement<{ rows: Cells }, { id: number }>('leaveWaiting', ({ db, dialect, rows }) =>
  db
    .updateTable('jobs')
    .from(
      rows<{
        id: number;
        state: JobState;
        enqueued_at_ms: number | null;
        ended_at_ms: number | null;
      }>('rows', {
        id: 'integer',
        state: 'text',
        enqueued_at_ms: 'integer',
        ended_at_ms: 'integer',
      }).as('r'),
    )
    .set({
      state: sql.ref('r.state'),
      enqueued_at_ms: sql.ref('r.enqueued_at_ms'),
      ended_at_ms: sql.ref('r.ended_at_ms'),
    })
    .whereRef('jobs.id', '=', 'r.id')
    .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('waiting'))
    .returning('jobs.id'),
);

/** Marks ended jobs as settled or not. Rows: job, settled. */
export const markSettled = statement<{ rows: Cells }, never>('markSettled', ({ db, rows }) =>
  db
    .updateTable('jobs')
    .from(rows<{ id: number; settled: number }>('rows', { id: 'integer', settled: 'integer' }).as('r'))
    .set({ settled: sql.ref('r.settled') })
    .whereRef('jobs.id', '=', 'r.id'),
);

/** Ended jobs whose dependants have not been told yet; those that another server is telling are passed over. */
export const unsettledJobs = statement<{ limit: number }, { id: number; state: JobState; version: number }>(
  'unsettledJobs',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('jobs as j')
      .innerJoin('runs as n', (join) => join.on('n.no', '=', sql<number>`j.id / 1048576`))
      .where('j.settled', '=', sql.lit(0))
      .orderBy('j.id')
      .limit(integer('limit'))
      .select(['j.id', 'j.state', 'n.version'])
      .modifyEnd(dialect.lockRowsSkippingTaken('j')),
);

/** How the needs of some jobs ended. Rows: job, run, version, ordinal. */
export const needsOfJobs = statement<
  { rows: Cells },
  { job: number; key: string; state: JobState; outputs: string | null }
>('needsOfJobs', ({ db, rows }) =>
  db
    .selectFrom(
      rows<{ job: number; run: number; version: number; ord: number }>('rows', {
        job: 'integer',
        run: 'integer',
        version: 'integer',
        ord: 'integer',
      }).as('r'),
    )
    .innerJoin('version_edges as e', (join) =>
      join.onRef('e.version', '=', 'r.version').onRef('e.to_ord', '=', 'r.ord'),
    )
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`r.run * 1048576 + e.from_ord`))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .select(['r.job', 'v.key', 'j.state', 'j.outputs']),
);

/** A job of a run by its key. */
export const jobByKey = statement<
  { version: number; key: string; run: number },
  Pick<JobTable, 'id' | 'state' | 'attempt'>
>('jobByKey', ({ db, integer, text }) =>
  db
    .selectFrom('version_jobs as v')
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`${integer('run')} * 1048576 + v.ord`))
    .where('v.version', '=', integer('version'))
    .where('v.key', '=', text('key'))
    .select(['j.id', 'j.state', 'j.attempt']),
);

/** Cancels the unended jobs of a range, but those whose `if` may hold after a cancel unless forced. */
export const cancelJobs = statement<
  { fromId: number; toId: number; nowMs: number; spareUpTo: number },
  Pick<JobTable, 'id' | 'attempt' | 'started_at_ms'>
>('cancelJobs', ({ db, integer }) =>
  db
    .updateTable('jobs')
    .set({ state: sql.lit<JobState>('cancelled'), ended_at_ms: integer('nowMs') })
    .where('id', '>=', integer('fromId'))
    .where('id', '<', integer('toId'))
    .where((eb) =>
      eb.or([
        eb('state', 'in', [
          sql.lit<JobState>('queued'),
          sql.lit<JobState>('delayed'),
          sql.lit<JobState>('waiting'),
        ]).and('conditional', '<=', integer('spareUpTo')),
        eb('state', '=', sql.lit<JobState>('running')),
      ]),
    )
    .returning(['id', 'attempt', 'started_at_ms']),
);

/** Marks the live attempts of cancelled jobs. Rows: job. */
export const cancelLiveAttempts = statement<{ nowMs: number; rows: Cells }, { job: number; number: number }>(
  'cancelLiveAttempts',
  ({ db, dialect, rows, value }) =>
    db
      .updateTable('attempts')
      .from(rows<{ job: number; number: number }>('rows', { job: 'integer', number: 'integer' }).as('r'))
      .set({ outcome: sql.lit('cancelled'), ended_at_ms: value('nowMs') })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .returning(['attempts.job', 'attempts.number']),
);
