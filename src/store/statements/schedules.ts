import { sql } from 'kysely';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import type { ScheduleTable } from '../tables/schedules.js';

const scheduleColumns = [
  's.workflow',
  's.id',
  's.spec',
  's.next_slot_ms',
  's.due_at_ms',
  's.last_slot_ms',
  's.last_outcome',
  's.last_run',
  's.last_error',
  's.paused_at_ms',
  's.paused_by',
  's.pause_reason',
] as const;

export type ScheduleRow = ScheduleTable;

/**
 * Locks the schedules of a workflow for this transaction. It runs before the row of the workflow changes, in the same
 * order as for taking slots, which changes the workflow's row at the end.
 */
export const lockSchedulesOfWorkflow = statement<{ id: string }, { id: string }>(
  'lockSchedulesOfWorkflow',
  ({ db, dialect, text }) =>
    db
      .selectFrom('schedules as s')
      .innerJoin('workflows as w', 'w.no', 's.workflow')
      .where('w.id', '=', text('id'))
      .orderBy('s.id')
      .select('s.id')
      .modifyEnd(dialect.lockRows('s')),
);

export const schedulesOfWorkflow = statement<{ workflow: number }, ScheduleRow>(
  'schedulesOfWorkflow',
  ({ db, integer }) =>
    db
      .selectFrom('schedules as s')
      .where('s.workflow', '=', integer('workflow'))
      .select(scheduleColumns)
      .orderBy('s.id'),
);

const newSchedules = rowSet({
  workflow: 'integer',
  id: 'text',
  spec: 'text',
  next_slot_ms: 'integer?',
  due_at_ms: 'integer?',
});

/** Stores new and changed schedules. */
export const putSchedules = statement<{ rows: Rows<typeof newSchedules> }, never>('putSchedules', ({ db, rows }) =>
  db
    .insertInto('schedules')
    .columns(['workflow', 'id', 'spec', 'next_slot_ms', 'due_at_ms'])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newSchedules).as('r'))
        .where(sql<boolean>`true`)
        .select(['r.workflow', 'r.id', 'r.spec', 'r.next_slot_ms', 'r.due_at_ms']),
    )
    .onConflict((conflict) =>
      conflict.columns(['workflow', 'id']).doUpdateSet({
        spec: sql`excluded.spec`,
        next_slot_ms: sql`excluded.next_slot_ms`,
        due_at_ms: sql`excluded.due_at_ms`,
      }),
    ),
);

export const deleteSchedule = statement<{ workflow: number; id: string }, never>(
  'deleteSchedule',
  ({ db, integer, text }) =>
    db.deleteFrom('schedules').where('workflow', '=', integer('workflow')).where('id', '=', text('id')),
);

/** For a workflow that is removed from the list. */
export const deleteSchedulesOfWorkflow = statement<{ id: string }, never>('deleteSchedulesOfWorkflow', ({ db, text }) =>
  db
    .deleteFrom('schedules')
    .where('workflow', '=', (eb) => eb.selectFrom('workflows').where('id', '=', text('id')).select('no')),
);

/** For a workflow whose row is deleted. */
export const deleteSchedulesOfWorkflowNo = statement<{ no: number }, never>(
  'deleteSchedulesOfWorkflowNo',
  ({ db, integer }) => db.deleteFrom('schedules').where('workflow', '=', integer('no')),
);

/** When the next run of a schedule is due. */
export const nextDueSchedule = statement<Record<string, never>, { at_ms: number }>('nextDueSchedule', ({ db }) =>
  db
    .selectFrom('schedules')
    .where('due_at_ms', 'is not', null)
    .orderBy('due_at_ms')
    .limit(sql.lit(1))
    .select('due_at_ms as at_ms')
    .$castTo<{ at_ms: number }>(),
);

/** A due schedule, with what its next run takes. */
export interface DueSchedule extends ScheduleRow {
  workflow_id: string;
  next_slot_ms: number;
  job_count: number;
}

/** The due schedules, the longest due first. Skips those that another server has locked. */
export const dueSchedules = statement<{ nowMs: number; limit: number }, DueSchedule>(
  'dueSchedules',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('schedules as s')
      .innerJoin('workflows as w', 'w.no', 's.workflow')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .where('s.due_at_ms', '<=', integer('nowMs'))
      .where('s.due_at_ms', 'is not', null)
      .orderBy('s.due_at_ms')
      .limit(integer('limit'))
      .select([...scheduleColumns, 'w.id as workflow_id', 'v.job_count'])
      .modifyEnd(dialect.lockRowsSkippingTaken('s'))
      .$castTo<DueSchedule>(),
);

const takenSlots = rowSet({
  workflow: 'integer',
  id: 'text',
  slot_ms: 'integer',
  next_slot_ms: 'integer?',
  due_at_ms: 'integer?',
});

/** Moves schedules on to their next slots. If a schedule is not returned, another transaction took its slot. */
export const takeSlots = statement<{ rows: Rows<typeof takenSlots> }, { workflow: number; id: string }>(
  'takeSlots',
  ({ db, rows }) =>
    db
      .updateTable('schedules')
      .from(rows('rows', takenSlots).as('r'))
      .set({ next_slot_ms: sql`r.next_slot_ms`, due_at_ms: sql`r.due_at_ms` })
      .whereRef('schedules.workflow', '=', 'r.workflow')
      .whereRef('schedules.id', '=', 'r.id')
      .whereRef('schedules.next_slot_ms', '=', 'r.slot_ms')
      .returning(['schedules.workflow', 'schedules.id']),
);

const slotOutcomes = rowSet({
  workflow: 'integer',
  id: 'text',
  slot_ms: 'integer',
  outcome: textOf<NonNullable<ScheduleTable['last_outcome']>>(),
  run: 'text?',
  error: 'text?',
});

/** Stores the results of the last slots of schedules. */
export const noteSlotOutcomes = statement<{ rows: Rows<typeof slotOutcomes> }, never>(
  'noteSlotOutcomes',
  ({ db, rows }) =>
    db
      .updateTable('schedules')
      .from(rows('rows', slotOutcomes).as('r'))
      .set({
        last_slot_ms: sql`r.slot_ms`,
        last_outcome: sql`r.outcome`,
        last_run: sql`r.run`,
        last_error: sql`r.error`,
      })
      .whereRef('schedules.workflow', '=', 'r.workflow')
      .whereRef('schedules.id', '=', 'r.id'),
);

const scheduleKeys = rowSet({ workflow: 'integer', schedule: 'text' });

/**
 * An unfinished run of each schedule; null where there is none. Not a join, whose plan would scan all of them while
 * there are few.
 */
export const liveRunsOfSchedules = statement<
  { rows: Rows<typeof scheduleKeys> },
  { workflow: number; schedule: string; id: string | null }
>('liveRunsOfSchedules', ({ db, rows }) =>
  db.selectFrom(rows('rows', scheduleKeys).as('r')).select([
    'r.workflow',
    'r.schedule',
    sql<string | null>`(select n.id from runs as n where n.workflow = r.workflow and n.schedule = r.schedule
        and n.schedule is not null and n.ended_at_ms is null and n.backfill is null limit 1)`.as('id'),
  ]),
);

const slotKeys = rowSet({ workflow: 'integer', schedule: 'text', slot_ms: 'integer' });

/** The existing run of each slot; null where there is none. */
export const runsOfSlots = statement<
  { rows: Rows<typeof slotKeys> },
  { workflow: number; schedule: string; slot_ms: number; id: string | null }
>('runsOfSlots', ({ db, rows }) =>
  db.selectFrom(rows('rows', slotKeys).as('r')).select([
    'r.workflow',
    'r.schedule',
    'r.slot_ms',
    sql<string | null>`(select n.id from runs as n where n.workflow = r.workflow and n.schedule = r.schedule
        and n.scheduled_at_ms = r.slot_ms and n.schedule is not null limit 1)`.as('id'),
  ]),
);

/** Pauses a schedule, which then has no next slot. Returns no row when it is already paused. */
export const pauseSchedule = statement<
  { workflow: number; id: string; atMs: number; by: string | null; reason: string | null },
  { id: string }
>('pauseSchedule', ({ db, integer, text, value }) =>
  db
    .updateTable('schedules')
    .set({
      paused_at_ms: value('atMs'),
      paused_by: value('by'),
      pause_reason: value('reason'),
      next_slot_ms: null,
      due_at_ms: null,
    })
    .where('workflow', '=', integer('workflow'))
    .where('id', '=', text('id'))
    .where('paused_at_ms', 'is', null)
    .returning('id'),
);

/** Resumes a paused schedule; returns no row when it is not paused. */
export const resumeSchedule = statement<
  { workflow: number; id: string; nextSlotMs: number | null; dueAtMs: number | null },
  { id: string }
>('resumeSchedule', ({ db, integer, text, value }) =>
  db
    .updateTable('schedules')
    .set({
      paused_at_ms: null,
      paused_by: null,
      pause_reason: null,
      next_slot_ms: value('nextSlotMs'),
      due_at_ms: value('dueAtMs'),
    })
    .where('workflow', '=', integer('workflow'))
    .where('id', '=', text('id'))
    .where('paused_at_ms', 'is not', null)
    .returning('id'),
);

/** A schedule for readers. */
export interface ListedSchedule extends ScheduleRow {
  workflow_id: string;
  workflow_name: string;
  paused_by_name: string | null;
}

const listedColumns = [...scheduleColumns, 'w.id as workflow_id', 'v.name as workflow_name'] as const;
const pausedByName = sql<string | null>`(select t.name from tokens as t where t.id = s.paused_by)`.as('paused_by_name');

/** A page of all schedules, after one of them. */
export const schedulesAfter = statement<{ workflow: number; id: string; limit: number }, ListedSchedule>(
  'schedulesAfter',
  ({ db, integer, text }) =>
    db
      .selectFrom('schedules as s')
      .innerJoin('workflows as w', 'w.no', 's.workflow')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .where('s.workflow', '>=', integer('workflow'))
      .where((eb) => eb.or([eb('s.workflow', '>', integer('workflow')), eb('s.id', '>', text('id'))]))
      .orderBy('s.workflow')
      .orderBy('s.id')
      .limit(integer('limit'))
      .select([...listedColumns, pausedByName]),
);

/** The schedules of one workflow; there are few. */
export const schedulesByWorkflowId = statement<{ id: string }, ListedSchedule>(
  'schedulesByWorkflowId',
  ({ db, text }) =>
    db
      .selectFrom('workflows as w')
      .innerJoin('schedules as s', 's.workflow', 'w.no')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .where('w.id', '=', text('id'))
      .orderBy('s.id')
      .select([...listedColumns, pausedByName]),
);
