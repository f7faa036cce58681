import { sql } from 'kysely';
import { cleanUpMs } from '../../domain/run-timeout.js';
import { runKeys } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import { statement } from '../statement.js';

/**
 * Records the cancel of a run, from its first job on. Returns no row when the run has ended, or was cancelled in the
 * same way before.
 */
export const requestCancel = statement<
  { no: number; nowMs: number; forced: number; hash: string | null },
  { no: number }
>('requestCancel', ({ db, dialect, integer, text }) =>
  db
    .updateTable('runs')
    .set({
      cancel_requested_at_ms: sql<number>`coalesce(cancel_requested_at_ms, ${integer('nowMs')})`,
      cancel_forced: dialect.greatest(sql`cancel_forced`, integer('forced')),
      cancel_from: sql.lit(0),
      cancel_request_hash: sql<string | null>`case when cancel_requested_at_ms is null
        then coalesce(${text('hash')}, cancel_request_hash) else coalesce(cancel_request_hash, ${text('hash')}) end`,
      deadline_ms: sql<number | null>`case when ${integer('forced')} = 1 or deadline_ms is null then null
        else ${dialect.greatest(sql`deadline_ms`, sql`${integer('nowMs')} + ${sql.lit(cleanUpMs)}`)} end`,
    })
    .where('no', '=', integer('no'))
    .where('ended_at_ms', 'is', null)
    .where((eb) =>
      eb.or([
        eb('cancel_requested_at_ms', 'is', null),
        eb.and([eb('cancel_forced', '=', sql.lit(0)), eb(integer('forced'), '=', sql.lit(1))]),
      ]),
    )
    .returning('no'),
);

export const setCancelFrom = statement<{ no: number; from: number | null }, never>(
  'setCancelFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('runs')
      .set({ cancel_from: value('from') })
      .where('no', '=', integer('no')),
);

/** When the next run has taken longer than its timeout, or its clean-up jobs have. */
export const nextRunDeadline = statement<Record<string, never>, { at_ms: number }>('nextRunDeadline', ({ db }) =>
  db
    .selectFrom('runs')
    .where('deadline_ms', 'is not', null)
    .where('ended_at_ms', 'is', null)
    .orderBy('deadline_ms')
    .limit(sql.lit(1))
    .select('deadline_ms as at_ms')
    .$castTo<{ at_ms: number }>(),
);

/** Runs whose deadlines have passed, the longest overdue first; those that another server is at are passed over. */
export const overdueRuns = statement<{ nowMs: number; limit: number }, { no: number }>(
  'overdueRuns',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.deadline_ms', 'is not', null)
      .where('n.deadline_ms', '<=', integer('nowMs'))
      .where('n.ended_at_ms', 'is', null)
      .orderBy('n.deadline_ms')
      .limit(integer('limit'))
      .select('n.no')
      .modifyEnd(dialect.lockRowsSkippingTaken('n')),
);

/**
 * Asks for the cancel of runs whose deadlines have passed; their jobs end in further transactions. Of one that is being
 * cancelled already, the clean-up jobs end too.
 */
export const timeOutRuns = statement<
  { rows: Rows<typeof runKeys>; nowMs: number },
  { no: number; id: string; workflow: number; cancel_forced: number; timed_out: number }
>('timeOutRuns', ({ db, integer, rows }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runKeys).as('r'))
    .set({
      cancel_requested_at_ms: sql<number>`coalesce(runs.cancel_requested_at_ms, ${integer('nowMs')})`,
      cancel_forced: sql<number>`case when runs.cancel_requested_at_ms is null then 0 else 1 end`,
      cancel_from: sql.lit(0),
      timed_out: sql<number>`case when runs.cancel_requested_at_ms is null then 1 else runs.timed_out end`,
      deadline_ms: sql<number | null>`case when runs.cancel_requested_at_ms is null
        then ${integer('nowMs')} + ${sql.lit(cleanUpMs)} end`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .where('runs.ended_at_ms', 'is', null)
    .returning(['runs.no', 'runs.id', 'runs.workflow', 'runs.cancel_forced', 'runs.timed_out']),
);
