import { DomainError, notFound } from '../../domain/errors.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import { type ScheduleFacts, scheduleSentence } from '../../domain/schedule/schedule-sentence.js';
import { type ListedSchedule, schedulesAfter, schedulesByWorkflowId } from '../../store/statements/schedules.js';
import { currentVersion } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';

export interface ScheduleQuery {
  /** Only schedules of this workflow; empty for all. */
  readonly workflow: string;
  readonly limit: number;
  /** The `nextPageToken` of the previous page; empty for the first. */
  readonly pageToken: string;
}

export interface SchedulePage {
  readonly schedules: readonly ScheduleView[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** A schedule, its next time, and the result of its last one. */
export interface ScheduleView extends ScheduleFacts {
  readonly workflowId: string;
  readonly schedule: Schedule;
  /** When the run of its next time starts. */
  readonly nextStartMs: number | null;
  readonly explanation: string;
}

/** Reads schedules. */
export function scheduleViews({ store }: EngineContext) {
  return {
    /** Errors: `not_found` for a workflow that does not exist; `malformed` for a page token that was never given. */
    async listSchedules({ workflow, limit, pageToken }: ScheduleQuery): Promise<SchedulePage> {
      if (workflow !== '') {
        const rows = await schedulesByWorkflowId.run(store.read, { id: workflow });
        const [known] = rows.length > 0 ? rows : await currentVersion.run(store.read, { id: workflow });
        if (known === undefined) throw notFound(`workflow ${JSON.stringify(workflow)}`);
        return { schedules: rows.map(toView), nextPageToken: '' };
      }
      const after = readToken(pageToken);
      const rows = await schedulesAfter.run(store.longRead, { ...after, limit: limit + 1 });
      const last = rows[limit - 1];
      const isLast = rows.length <= limit || last === undefined;
      return {
        schedules: rows.slice(0, limit).map(toView),
        nextPageToken: isLast ? '' : `${last.workflow}.${last.id}`,
      };
    },

    /** Errors: `not_found`. */
    async scheduleView(workflow: string, schedule: string): Promise<ScheduleView> {
      const rows = await schedulesByWorkflowId.run(store.read, { id: workflow });
      const row = rows.find(({ id }) => id === schedule);
      if (row === undefined) {
        throw notFound(`schedule ${JSON.stringify(schedule)} of workflow ${JSON.stringify(workflow)}`);
      }
      return toView(row);
    },
  };
}

function toView(row: ListedSchedule): ScheduleView {
  const paused =
    row.paused_at_ms === null
      ? null
      : { atMs: row.paused_at_ms, by: row.paused_by_name, reason: row.pause_reason ?? '' };
  const facts: ScheduleFacts = {
    nextMs: row.next_slot_ms,
    lastMs: row.last_slot_ms,
    lastOutcome: row.last_outcome,
    lastRun: row.last_run,
    lastError: row.last_error,
    paused,
  };
  return {
    ...facts,
    workflowId: row.workflow_id,
    schedule: JSON.parse(row.spec) as Schedule,
    nextStartMs: row.due_at_ms,
    explanation: scheduleSentence(facts),
  };
}

/** A page token is the number of a workflow, a dot, and the id of the last schedule. */
function readToken(token: string): { workflow: number; id: string } {
  if (token === '') return { workflow: 0, id: '' };
  const parts = /^([0-9]{1,15})\.(.+)$/.exec(token);
  if (parts === null)
    throw new DomainError(
      'malformed',
      'page_token: it is not the next_page_token of a page; leave it out for the first',
    );
  return { workflow: Number(parts[1]), id: parts[2] ?? '' };
}
