import { nextSlot } from '../../domain/schedule/cron.js';
import { type Schedule, startOfSlot } from '../../domain/schedule/schedule.js';
import type { Connection } from '../../store/connection.js';
import {
  deleteSchedule,
  putSchedules,
  type ScheduleRow,
  schedulesOfWorkflow,
} from '../../store/statements/schedules.js';

/** The next slot of a schedule, and when its run starts. */
export interface NextSlot {
  readonly slotMs: number | null;
  readonly dueMs: number | null;
}

/** @param slotMs null when there is none */
export function dueOf(schedule: Schedule, workflow: string, slotMs: number | null): NextSlot {
  return { slotMs, dueMs: slotMs === null ? null : startOfSlot(schedule, workflow, slotMs) };
}

/** The first slot after now and after the last handled one: a clock may have been set back. */
export function slotFromNow(
  schedule: Schedule,
  workflow: string,
  row: ScheduleRow | undefined,
  nowMs: number,
): NextSlot {
  return dueOf(schedule, workflow, nextSlot(schedule, Math.max(nowMs, row?.last_slot_ms ?? 0)));
}

/** The schedule in a row. */
export function specOf({ spec }: Pick<ScheduleRow, 'spec'>): Schedule {
  return JSON.parse(spec) as Schedule;
}

/**
 * Stores the schedules of a version that becomes current, in that transaction. A schedule whose times did not change
 * keeps its next slot, so that a changed file loses none; any other starts from now. Pauses stay.
 *
 * @param workflow its row is locked, and so are its schedules
 */
export async function storeSchedules(
  connection: Connection,
  workflow: { readonly no: number; readonly id: string },
  schedules: readonly Schedule[],
  nowMs: number,
): Promise<void> {
  const before = await schedulesOfWorkflow.run(connection, { workflow: workflow.no });
  if (before.length === 0 && schedules.length === 0) return;
  const rows = schedules.map((schedule) => {
    const row = before.find(({ id }) => id === schedule.id);
    const next = nextOf(schedule, workflow.id, row, nowMs);
    return {
      workflow: workflow.no,
      id: schedule.id,
      spec: JSON.stringify(schedule),
      next_slot_ms: next.slotMs,
      due_at_ms: next.dueMs,
    };
  });
  if (rows.length > 0) await putSchedules.run(connection, { rows });
  for (const { id } of before) {
    if (!schedules.some((schedule) => schedule.id === id))
      await deleteSchedule.run(connection, { workflow: workflow.no, id });
  }
}

function nextOf(schedule: Schedule, workflow: string, row: ScheduleRow | undefined, nowMs: number): NextSlot {
  if (row !== undefined && row.paused_at_ms !== null) return { slotMs: null, dueMs: null };
  if (row === undefined || row.next_slot_ms === null) return slotFromNow(schedule, workflow, row, nowMs);
  const { cron, timezone } = specOf(row);
  return cron === schedule.cron && timezone === schedule.timezone
    ? dueOf(schedule, workflow, row.next_slot_ms)
    : slotFromNow(schedule, workflow, row, nowMs);
}
