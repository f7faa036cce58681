import { DomainError, notFound } from '../../domain/errors.js';
import type { Connection } from '../../store/connection.js';
import {
  lockSchedulesOfWorkflow,
  pauseSchedule,
  resumeSchedule,
  type ScheduleRow,
  schedulesByWorkflowId,
} from '../../store/statements/schedules.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';
import { slotFromNow, specOf } from './store-schedules.js';

export interface PauseSchedule {
  readonly caller: Caller;
  readonly workflow: string;
  readonly schedule: string;
  /** Why, for people; may be empty. */
  readonly reason: string;
}

/** Pauses and resumes schedules. Errors: `not_found`. */
export function pauseScheduleVerbs(context: EngineContext) {
  const { store, environment, log } = context;

  /** Changes a schedule whose row is locked, and writes an audit entry if something changed. */
  async function change(
    { caller, workflow, schedule }: Pick<PauseSchedule, 'caller' | 'workflow' | 'schedule'>,
    action: 'schedule.paused' | 'schedule.resumed',
    more: Readonly<Record<string, unknown>>,
    apply: (connection: Connection, row: ScheduleRow, nowMs: number) => Promise<readonly unknown[]>,
  ): Promise<void> {
    const entry: AuditDraft = {
      action,
      subject: workflow,
      source: 'api',
      actor: caller.credential,
      data: { schedule, ...more },
    };
    const isChanged = await store.transact(async (connection, databaseNowMs) => {
      await lockSchedulesOfWorkflow.run(connection, { id: workflow });
      const rows = await schedulesByWorkflowId.run(connection, { id: workflow });
      const row = rows.find(({ id }) => id === schedule);
      if (row === undefined) throw noSuchSchedule(workflow, schedule, rows);
      const nowMs = databaseNowMs ?? environment.now();
      const changed = await apply(connection, row, nowMs);
      if (changed.length === 0) return false;
      await writeAudit(connection, nowMs, [entry]);
      return true;
    });
    if (isChanged) logAudit(log, entry);
  }

  return {
    /** A schedule that is already paused keeps its pause. */
    pauseSchedule: ({ reason, ...input }: PauseSchedule): Promise<void> =>
      change(input, 'schedule.paused', reason === '' ? {} : { reason }, (connection, { workflow, id }, atMs) =>
        pauseSchedule.run(connection, { workflow, id, atMs, by: input.caller.credential, reason }),
      ),

    /** Continues with the schedule's first time after now. */
    async resumeSchedule(input: Omit<PauseSchedule, 'reason'>): Promise<void> {
      await change(input, 'schedule.resumed', {}, (connection, row, nowMs) => {
        const next = slotFromNow(specOf(row), input.workflow, row, nowMs);
        const { workflow, id } = row;
        return resumeSchedule.run(connection, { workflow, id, nextSlotMs: next.slotMs, dueAtMs: next.dueMs });
      });
      context.schedulesChanged.send();
    },
  };
}

export function noSuchSchedule(workflow: string, schedule: string, rows: readonly ScheduleRow[]): DomainError {
  const what = `schedule ${JSON.stringify(schedule)} of workflow ${JSON.stringify(workflow)}`;
  if (rows.length === 0) return notFound(what);
  const named = rows.map(({ id }) => JSON.stringify(id)).join(', ');
  return new DomainError('not_found', `${what} does not exist; it has ${named}`);
}
