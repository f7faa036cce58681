import { type Selectable, sql } from 'kysely';
import type { StopReason } from '../../domain/lease.js';
import type { JobState } from '../../domain/states.js';
import { keyOf, runOf, versionOrdOf } from '../job-id-sql.js';
import { attemptKeys } from '../row-keys.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import type { AttemptTable } from '../tables/attempts.js';

/** An attempt with what the domain needs to decide about a message under its lease. */
export interface AttemptRow extends Omit<Selectable<AttemptTable>, 'log_gap_outputs' | 'exit_code'> {
  job_state: JobState;
  job_attempt: number;
  job_settled: number;
  /** The first attempt that counts toward the retries of the job's generation. */
  job_budget_from: number;
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
  'a.log_padding',
  'a.log_gap',
  'a.has_output_lines',
  'a.received',
  'a.stop_reason',
  'a.stop_by_ms',
  'j.state as job_state',
  'j.attempt as job_attempt',
  'j.settled as job_settled',
  'j.budget_from as job_budget_from',
] as const;

/**
 * The attempts of leases; run `lockJobs` first if they are going to change.
 *
 * `+ 0` keeps PostgreSQL's planner from joining by the job, which reads all of its attempts.
 */
export const attemptsByLease = statement<{ rows: Rows<typeof attemptKeys> }, AttemptRow>(
  'attemptsByLease',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', attemptKeys).as('r'))
      .innerJoin('attempts as a', (join) => join.onRef('a.job', '=', 'r.job').onRef('a.number', '=', 'r.number'))
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`a.job + 0`))
      .select(attemptColumns),
);

/** One attempt in its present state, only to read. */
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

/** Live attempts whose lease, timeout or time to stop is over, the longest overdue first. */
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

const attemptEnds = rowSet({
  job: 'integer',
  number: 'integer',
  outcome: textOf<NonNullable<AttemptTable['outcome']>>(),
  at_ms: 'integer',
  digest: 'text?',
  error: 'text?',
  exit_code: 'integer?',
});

/** Ends attempts. */
export const endAttemptsIfLive = statement<{ rows: Rows<typeof attemptEnds> }, { job: number }>(
  'endAttemptsIfLive',
  ({ db, dialect, rows }) =>
    db
      .updateTable('attempts')
      .from(rows('rows', attemptEnds).as('r'))
      .set({
        outcome: sql.ref('r.outcome'),
        ended_at_ms: sql.ref('r.at_ms'),
        report_digest: sql.ref('r.digest'),
        error: sql.ref('r.error'),
        exit_code: sql.ref('r.exit_code'),
      })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .returning('attempts.job'),
);

const attemptStops = rowSet({
  job: 'integer',
  number: 'integer',
  reason: textOf<StopReason>(),
  by_ms: 'integer',
  deadline_ms: 'integer',
});

/** Records that workers must stop attempts. */
export const stopAttempts = statement<{ rows: Rows<typeof attemptStops> }, { job: number }>(
  'stopAttempts',
  ({ db, dialect, rows }) =>
    db
      .updateTable('attempts')
      .from(rows('rows', attemptStops).as('r'))
      .set({
        stop_reason: sql.ref('r.reason'),
        stop_by_ms: sql.ref('r.by_ms'),
        deadline_ms: sql.ref('r.deadline_ms'),
      })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .returning('attempts.job'),
);

/** Deletes attempts that were released before they began. */
export const deleteAttempts = statement<{ rows: Rows<typeof attemptKeys> }, never>('deleteAttempts', ({ db, rows }) =>
  db
    .deleteFrom('attempts')
    .where((eb) =>
      eb(
        eb.refTuple('attempts.job', 'attempts.number'),
        'in',
        eb.selectFrom(rows('rows', attemptKeys).as('r')).select(['r.job', 'r.number']).$asTuple('job', 'number'),
      ),
    ),
);

const renewals = rowSet({ job: 'integer', number: 'integer', expires_at_ms: 'integer', deadline_ms: 'integer' });

export type Renewal = Rows<typeof renewals>[number];

/** Renews leases. */
export const renewLeases = statement<{ rows: Rows<typeof renewals> }, never>('renewLeases', ({ db, rows }) =>
  db
    .updateTable('attempts')
    .from(rows('rows', renewals).as('r'))
    .set({ expires_at_ms: sql.ref('r.expires_at_ms'), deadline_ms: sql.ref('r.deadline_ms'), received: sql.lit(1) })
    .whereRef('attempts.job', '=', 'r.job')
    .whereRef('attempts.number', '=', 'r.number'),
);

const receivedAttempts = rowSet({ job: 'integer', number: 'integer', lease_hash: 'text' });

/**
 * Records that pushed jobs have arrived: from now on their leases and timeouts count. The lease hash is compared too,
 * because another lease may have the number by now.
 */
export const markReceived = statement<{ rows: Rows<typeof receivedAttempts> }, never>(
  'markReceived',
  ({ db, dialect, rows }) =>
    db
      .updateTable('attempts')
      .from(rows('rows', receivedAttempts).as('r'))
      .set({
        received: sql.lit(1),
        deadline_ms: sql<number>`case when coalesce(stop_by_ms, timeout_at_ms) is null
        or coalesce(stop_by_ms, timeout_at_ms) > expires_at_ms then expires_at_ms
        else coalesce(stop_by_ms, timeout_at_ms) end`,
      })
      .whereRef('attempts.job', '=', 'r.job')
      .whereRef('attempts.number', '=', 'r.number')
      .whereRef('attempts.lease_hash', '=', 'r.lease_hash')
      .where(dialect.guard('attempts.outcome'), 'is', null)
      .where('attempts.received', '=', sql.lit(0)),
);

const logTallies = rowSet({
  job: 'integer',
  number: 'integer',
  bytes: 'integer',
  padding: 'integer',
  flag: 'integer',
});

/** Adds the size of logged chunks. `flag` is 1 when stdout may hold outputs. */
export const addLogTally = statement<{ rows: Rows<typeof logTallies> }, never>('addLogTally', ({ db, rows }) =>
  db
    .updateTable('attempts')
    .from(rows('rows', logTallies).as('r'))
    .set({
      log_bytes: sql<number>`attempts.log_bytes + r.bytes`,
      log_padding: sql<number>`attempts.log_padding + r.padding`,
      has_output_lines: sql<number>`case when r.flag = 1 then 1 else attempts.has_output_lines end`,
    })
    .whereRef('attempts.job', '=', 'r.job')
    .whereRef('attempts.number', '=', 'r.number'),
);

/** The dropped stdout of an attempt, as the scan for outputs reads it. */
export const gapOutputs = statement<
  { job: number; number: number },
  { log_gap: string | null; log_gap_outputs: string | null }
>('gapOutputs', ({ db, integer }) =>
  db
    .selectFrom('attempts')
    .where('job', '=', integer('job'))
    .where('number', '=', integer('number'))
    .select(['log_gap', 'log_gap_outputs']),
);

/** Records the dropped part of an attempt's log. */
export const setLogGap = statement<{ job: number; number: number; gap: string; outputs: string | null }, never>(
  'setLogGap',
  ({ db, integer, text }) =>
    db
      .updateTable('attempts')
      .set({ log_gap: text('gap'), log_gap_outputs: text('outputs') })
      .where('job', '=', integer('job'))
      .where('number', '=', integer('number')),
);

/**
 * Extends every live lease by its full TTL from now, because no worker could renew while the server was down. A
 * stopping attempt keeps its timeout, which has passed, and gets the full grace for its report.
 */
export const graceForLiveLeases = statement<{ nowMs: number; stopGraceMs: number }, { job: number }>(
  'graceForLiveLeases',
  ({ db, dialect, integer }) =>
    db
      .updateTable('attempts')
      .set({
        expires_at_ms: dialect.greatest(sql`expires_at_ms`, sql`${integer('nowMs')} + ttl_ms`),
        timeout_at_ms: sql<number | null>`case when timeout_at_ms is null or stop_by_ms is not null then timeout_at_ms
          else ${dialect.greatest(sql`timeout_at_ms`, sql`${integer('nowMs')} + ttl_ms`)} end`,
        deadline_ms: sql<number>`case when stop_by_ms is null
          then ${dialect.greatest(sql`deadline_ms`, sql`${integer('nowMs')} + ttl_ms`)}
          else ${dialect.least(
            dialect.greatest(sql`expires_at_ms`, sql`${integer('nowMs')} + ttl_ms`),
            dialect.greatest(sql`stop_by_ms`, sql`${integer('nowMs')} + ${integer('stopGraceMs')}`),
          )} end`,
        stop_by_ms: sql<number | null>`case when stop_by_ms is null then null
          else ${dialect.greatest(sql`stop_by_ms`, sql`${integer('nowMs')} + ${integer('stopGraceMs')}`)} end`,
      })
      .where('outcome', 'is', null)
      .returning('job'),
);

/** When the next lease, timeout or time to stop is over. */
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
    .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('a.job')))
    .innerJoin('jobs as j', 'j.id', 'a.job')
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
    )
    .where('a.outcome', 'is', null)
    .orderBy('a.deadline_ms')
    .limit(integer('limit'))
    .select(['a.worker_id', 'a.job', 'a.number', keyOf('j', 'v').as('key'), 'n.id as run_id']),
);
