import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { AttemptTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/** An attempt with what is needed to judge a message about it. */
export interface AttemptRow extends AttemptTable {
  job_state: JobState;
  job_attempt: number;
}

const attemptColumns = [
  'a.job',
  'a.number',
  'a.worker_id',
  'a.credential',
  'a.lease_hash',
  'a.request_hash',
  'a.ttl_ms',
  'a.claimed_at_ms',
  'a.expires_at_ms',
  'a.timeout_at_ms',
  'a.deadline_ms',
  'a.outcome',
  'a.ended_at_ms',
  'a.report_digest',
  'a.error',
  'a.log_bytes',
  'a.has_output_lines',
  'a.received',
  'j.state as job_state',
  'j.attempt as job_attempt',
] as const;

/**
 * The attempts that leases name; `lockJobs` comes first where they are to be changed. Rows: job, number.
 *
 * `+ 0` keeps the planner of PostgreSQL from going by way of the job, which reads all of its attempts.
 */
export const attemptsByLease = statement<{ rows: Cells }, AttemptRow>('attemptsByLease', ({ db, rows }) =>
  db
    .selectFrom(rows<{ job: number; number: number }>('rows', { job: 'integer', number: 'integer' }).as('r'))
    .innerJoin('attempts as a', (join) => join.onRef('a.job', '=', 'r.job').onRef('a.number', '=', 'r.number'))
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`a.job + 0`))
    .select(attemptColumns),
);

/** One attempt as it is now, to be looked at only. */
export const attemptStates = statement<{ job: number; number: number }, AttemptRow>(
  'attemptStates',
  ({ db, integer }) =>
    db
      .selectFrom('attempts as a')
      .innerJoin('jobs as j', 'j.id', 'a.job')
      .where('a.job', '=', integer('job'))
      .where('a.number', '=', integer('number'))
      .select(attemptColumns),
);

/** Live attempts whose lease or timeout has run out, the longest overdue first. */
export const overdueAttempts = statement<{ nowMs: number; limit: number }, AttemptRow>(
  'overdueAttempts',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('attempts as a')
      .innerJoin('jobs as j', 'j.id', 'a.job')
      .where('a.outcome', 'is', null)
      .where('a.deadline_ms', '<=', integer('nowMs'))
      .orderBy('a.deadline_ms')
      .limit(integer('limit'))
      .select(attemptColumns)
      .modifyEnd(dialect.lockRowsSkippingTaken('j')),
);

/** Ends attempts. Rows: job, number, outcome, time, report digest, error. */
export const endAttemptsIfLive = statement<{ rows: Cells }, { job: number }>(
  'endAttemptsIfLive',
  ({ db, dialect, rows }) =>
    db
      .updateTable('attempts')
      .from(
        rows<{
          job: number;
          number: number;
          outcome: NonNullable<AttemptTable['outcome']>;
          at_ms: number;
          digest: string | null;
          error: string | null;
        }>('rows', {
          job: 'integer',
          number: 'integer',
          outcome: 'text',
          at_ms: 'integer',
          digest: 'text',
          error: 'text',
        }).as('r'),
      )
      .set({
        outcome: sql.ref('r.outcome'),
        ended_at_ms: sql.ref('r.at_ms'),
        report_digest: sql.ref('r.digest'),
        error: sql.ref('r.error'),
      })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .returning('attempts.job'),
);

/** Forgets attempts that were given back before they began. Rows: job, number. */
export const deleteAttempts = statement<{ rows: Cells }, never>('deleteAttempts', ({ db, rows }) =>
  db.deleteFrom('attempts').where((eb) =>
    eb(
      eb.refTuple('attempts.job', 'attempts.number'),
      'in',
      eb
        .selectFrom(rows<{ job: number; number: number }>('rows', { job: 'integer', number: 'integer' }).as('r'))
        .select(['r.job', 'r.number'])
        .$asTuple('job', 'number'),
    ),
  ),
);

/** Renews leases. Rows: job, number, expires at, deadline. */
export const renewLeases = statement<{ rows: Cells }, never>('renewLeases', ({ db, rows }) =>
  db
    .updateTable('attempts')
    .from(
      rows<{ job: number; number: number; expires_at_ms: number; deadline_ms: number }>('rows', {
        job: 'integer',
        number: 'integer',
        expires_at_ms: 'integer',
        deadline_ms: 'integer',
      }).as('r'),
    )
    .set({ expires_at_ms: sql.ref('r.expires_at_ms'), deadline_ms: sql.ref('r.deadline_ms'), received: sql.lit(1) })
    .whereRef('attempts.job', '=', 'r.job')
    .whereRef('attempts.number', '=', 'r.number'),
);

/**
 * Notes that pushed jobs have arrived: from now on their leases and timeouts count. Rows: job, number, lease hash, since
 * the number may be another lease's by now.
 */
export const markReceived = statement<{ rows: Cells }, never>('markReceived', ({ db, dialect, rows }) =>
  db
    .updateTable('attempts')
    .from(
      rows<{ job: number; number: number; lease_hash: string }>('rows', {
        job: 'integer',
        number: 'integer',
        lease_hash: 'text',
      }).as('r'),
    )
    .set({
      received: sql.lit(1),
      deadline_ms: sql<number>`case when timeout_at_ms is null or timeout_at_ms > expires_at_ms then expires_at_ms
        else timeout_at_ms end`,
    })
    .whereRef('attempts.job', '=', 'r.job')
    .whereRef('attempts.number', '=', 'r.number')
    .whereRef('attempts.lease_hash', '=', 'r.lease_hash')
    .where(dialect.guard('attempts.outcome'), 'is', null)
    .where('attempts.received', '=', sql.lit(0)),
);

/** Adds what was logged. Rows: job, number, bytes, whether stdout may hold outputs. */
export const addLogTally = statement<{ rows: Cells }, never>('addLogTally', ({ db, rows }) =>
  db
    .updateTable('attempts')
    .from(
      rows<{ job: number; number: number; bytes: number; flag: number }>('rows', {
        job: 'integer',
        number: 'integer',
        bytes: 'integer',
        flag: 'integer',
      }).as('r'),
    )
    .set({
      log_bytes: sql<number>`attempts.log_bytes + r.bytes`,
      has_output_lines: sql<number>`case when r.flag = 1 then 1 else attempts.has_output_lines end`,
    })
    .whereRef('attempts.job', '=', 'r.job')
    .whereRef('attempts.number', '=', 'r.number'),
);

/** Gives every live lease its full time from now: after a restart nobody could have renewed. */
export const graceForLiveLeases = statement<{ nowMs: number }, { job: number }>(
  'graceForLiveLeases',
  ({ db, dialect, integer }) =>
    db
      .updateTable('attempts')
      .set({
        expires_at_ms: dialect.greatest(sql`expires_at_ms`, sql`${integer('nowMs')} + ttl_ms`),
        timeout_at_ms: sql<number | null>`case when timeout_at_ms is null then null
          else ${dialect.greatest(sql`timeout_at_ms`, sql`${integer('nowMs')} + ttl_ms`)} end`,
        deadline_ms: dialect.greatest(sql`deadline_ms`, sql`${integer('nowMs')} + ttl_ms`),
      })
      .where('outcome', 'is', null)
      .returning('job'),
);

/** When the next lease or timeout runs out. */
export const nextDeadline = statement<Record<string, never>, { at_ms: number | null }>('nextDeadline', ({ db }) =>
  db
    .selectFrom('attempts')
    .where('outcome', 'is', null)
    .select((eb) => eb.fn.min('deadline_ms').as('at_ms')),
);

/** The live attempts, for the list of workers. */
export const liveAttempts = statement<
  { limit: number },
  { worker_id: string; job: number; number: number; key: string; run_id: string }
>('liveAttempts', ({ db, integer }) =>
  db
    .selectFrom('attempts as a')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', sql<number>`a.job / 1048576`))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', sql<number>`a.job % 1048576`),
    )
    .where('a.outcome', 'is', null)
    .orderBy('a.deadline_ms')
    .limit(integer('limit'))
    .select(['a.worker_id', 'a.job', 'a.number', 'v.key', 'n.id as run_id']),
);
