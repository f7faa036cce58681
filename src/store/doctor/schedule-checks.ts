import { sql } from 'kysely';
import type { Check } from './check.js';

/** Invariants of schedules. */
export const scheduleChecks: readonly Check[] = [
  {
    name: 'schedule-is-of-a-workflow',
    promise: 'A schedule belongs to a workflow that is in the list.',
    violations: () => sql`select 'schedule ' || s.id || ' of workflow ' || cast(s.workflow as text) as subject
      from schedules as s left join workflows as w on w.no = s.workflow
      where w.no is null or w.removed_at_ms is not null`,
  },
  {
    name: 'schedule-is-due-after-its-slot',
    promise: 'The run of a slot is due at the slot or later; a paused schedule has no next slot.',
    violations: () => sql`select 'schedule ' || s.id || ' of workflow ' || cast(s.workflow as text) as subject
      from schedules as s
      where (s.next_slot_ms is null) <> (s.due_at_ms is null)
        or s.due_at_ms < s.next_slot_ms
        or (s.paused_at_ms is not null and s.next_slot_ms is not null)`,
  },
  {
    name: 'slot-has-one-run',
    promise: 'A slot of a schedule has one run, and the next slot of the schedule is later.',
    violations: () => sql`select 'run ' || cast(n.no as text) as subject
      from runs as n join schedules as s on s.workflow = n.workflow and s.id = n.schedule
      where s.next_slot_ms <= n.scheduled_at_ms
      union all
      select 'run ' || cast(min(n.no) as text) as subject from runs as n
      where n.schedule is not null and n.backfill is null group by n.workflow, n.schedule, n.scheduled_at_ms having count(*) > 1`,
  },
  {
    name: 'backfill-ends-with-its-slots',
    promise: 'A backfill that has taken all of its slots, and only such a one or a cancelled one, has ended.',
    violations: () => sql`select 'backfill ' || b.id as subject from backfills as b
      where b.position > b.total or b.started + b.skipped + b.refused <> b.position
        or (b.ended_at_ms is null and b.position = b.total)
        or (b.ended_at_ms is not null and b.position < b.total and b.cancelled = 0)`,
  },
  {
    name: 'scheduled-run-has-its-slot',
    promise: 'A run has a schedule and a scheduled time exactly when a schedule started it.',
    violations: () => sql`select 'run ' || cast(n.no as text) as subject from runs as n
      where (n.trigger = 'schedule') <> (n.schedule is not null)
        or (n.schedule is null) <> (n.scheduled_at_ms is null)`,
  },
];
