import { type Selectable, sql } from 'kysely';
import { statement } from '../statement.js';
import type { BackfillTable } from '../tables/schedules.js';

type BackfillRow = Selectable<BackfillTable>;

const columns = [
  'b.no',
  'b.id',
  'b.schedule',
  'b.from_ms',
  'b.to_ms',
  'b.newest_first',
  'b.again',
  'b.max_live',
  'b.total',
  'b.position',
  'b.started',
  'b.skipped',
  'b.refused',
  'b.last_error',
  'b.created_at_ms',
  'b.ended_at_ms',
  'b.cancelled',
] as const;

export const insertBackfill = statement<
  {
    id: string;
    workflow: number;
    schedule: string;
    spec: string;
    fromMs: number;
    toMs: number;
    newestFirst: number;
    again: number;
    maxLive: number;
    slots: string;
    total: number;
    nowMs: number;
    by: string | null;
    endedAtMs: number | null;
  },
  never
>('insertBackfill', ({ db, integer, text, value }) =>
  db.insertInto('backfills').values({
    id: text('id'),
    workflow: integer('workflow'),
    schedule: text('schedule'),
    spec: text('spec'),
    from_ms: integer('fromMs'),
    to_ms: integer('toMs'),
    newest_first: integer('newestFirst'),
    again: integer('again'),
    max_live: integer('maxLive'),
    slots: text('slots'),
    total: integer('total'),
    created_at_ms: integer('nowMs'),
    created_by: value('by'),
    ended_at_ms: value('endedAtMs'),
    last_error: null,
  }),
);

/** A backfill whose slots are not all taken, with what its runs take. */
export interface ActiveBackfill
  extends Pick<
    BackfillRow,
    'no' | 'id' | 'schedule' | 'spec' | 'again' | 'max_live' | 'slots' | 'total' | 'position' | 'workflow'
  > {
  workflow_id: string;
  job_count: number;
}

/** Active backfills, the oldest first. Skips those that another server has locked. */
export const activeBackfills = statement<{ limit: number }, ActiveBackfill>(
  'activeBackfills',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('backfills as b')
      .innerJoin('workflows as w', 'w.no', 'b.workflow')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .where('b.ended_at_ms', 'is', null)
      .orderBy('b.no')
      .limit(integer('limit'))
      .select([
        'b.no',
        'b.id',
        'b.workflow',
        'b.schedule',
        'b.spec',
        'b.again',
        'b.max_live',
        'b.slots',
        'b.total',
        'b.position',
        'w.id as workflow_id',
        'v.job_count',
      ])
      .modifyEnd(dialect.lockRowsSkippingTaken('b')),
);

/** Whether there is an active backfill. */
export const anyActiveBackfill = statement<Record<string, never>, { no: number }>('anyActiveBackfill', ({ db }) =>
  db.selectFrom('backfills').where('ended_at_ms', 'is', null).orderBy('no').limit(sql.lit(1)).select('no'),
);

/** Runs of a backfill that have not ended. */
export const liveRunsOfBackfill = statement<{ no: number }, { count: number }>(
  'liveRunsOfBackfill',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.backfill', '=', integer('no'))
      .where('n.backfill', 'is not', null)
      .where('n.ended_at_ms', 'is', null)
      .select((eb) => eb.fn.countAll<number>().as('count')),
);

/** Stores how far a backfill is. */
export const advanceBackfill = statement<
  {
    no: number;
    position: number;
    started: number;
    skipped: number;
    refused: number;
    error: string | null;
    endedAtMs: number | null;
  },
  never
>('advanceBackfill', ({ db, integer, value }) =>
  db
    .updateTable('backfills')
    .set({
      position: integer('position'),
      started: sql<number>`started + ${integer('started')}`,
      skipped: sql<number>`skipped + ${integer('skipped')}`,
      refused: sql<number>`refused + ${integer('refused')}`,
      last_error: sql<string | null>`coalesce(${value('error')}, last_error)`,
      ended_at_ms: value('endedAtMs'),
    })
    .where('no', '=', integer('no')),
);

/** A run that a backfill had started was refused by its group. */
export const noteRefusedByGroup = statement<{ no: number; error: string }, never>(
  'noteRefusedByGroup',
  ({ db, integer, text }) =>
    db
      .updateTable('backfills')
      .set({
        started: sql<number>`started - 1`,
        refused: sql<number>`refused + 1`,
        last_error: text('error'),
      })
      .where('no', '=', integer('no')),
);

/** Cancels a backfill of a workflow; returns no row when it has ended. */
export const cancelBackfill = statement<{ workflow: number; id: string; nowMs: number }, { no: number }>(
  'cancelBackfill',
  ({ db, dialect, integer, text, value }) =>
    db
      .updateTable('backfills')
      .set({ ended_at_ms: value('nowMs'), cancelled: sql.lit(1) })
      .where('workflow', '=', integer('workflow'))
      .where('id', '=', text('id'))
      .where(dialect.guard('ended_at_ms'), 'is', null)
      .returning('no'),
);

/** A backfill for readers. */
export interface ListedBackfill
  extends Pick<
    BackfillRow,
    | 'no'
    | 'id'
    | 'schedule'
    | 'from_ms'
    | 'to_ms'
    | 'newest_first'
    | 'again'
    | 'max_live'
    | 'total'
    | 'position'
    | 'started'
    | 'skipped'
    | 'refused'
    | 'last_error'
    | 'created_at_ms'
    | 'ended_at_ms'
    | 'cancelled'
  > {
  created_by_name: string | null;
}

/** The newest backfills of a workflow. */
export const backfillsOfWorkflow = statement<{ workflow: number; limit: number }, ListedBackfill>(
  'backfillsOfWorkflow',
  ({ db, integer }) =>
    db
      .selectFrom('backfills as b')
      .where('b.workflow', '=', integer('workflow'))
      .orderBy('b.no', 'desc')
      .limit(integer('limit'))
      .select([
        ...columns,
        sql<string | null>`(select t.name from tokens as t where t.id = b.created_by)`.as('created_by_name'),
      ]),
);

/** Deletes the ended backfills of a workflow, except the newest ones. */
export const deleteOldBackfills = statement<{ workflow: number; beforeNo: number }, never>(
  'deleteOldBackfills',
  ({ db, integer }) =>
    db
      .deleteFrom('backfills')
      .where('workflow', '=', integer('workflow'))
      .where('no', '<', integer('beforeNo'))
      .where('ended_at_ms', 'is not', null),
);

/** For a workflow whose row is deleted. */
export const deleteBackfillsOfWorkflow = statement<{ no: number }, never>(
  'deleteBackfillsOfWorkflow',
  ({ db, integer }) => db.deleteFrom('backfills').where('workflow', '=', integer('no')),
);
