import { DomainError, notFound } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { type BackfillOrder, slotsBetween } from '../../domain/schedule/backfill-slots.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import type { Connection } from '../../store/connection.js';
import {
  backfillsOfWorkflow,
  cancelBackfill,
  deleteOldBackfills,
  insertBackfill,
  type ListedBackfill,
  liveRunsOfBackfill,
} from '../../store/statements/backfills.js';
import { lockSchedulesOfWorkflow, runsOfSlots, schedulesByWorkflowId } from '../../store/statements/schedules.js';
import { currentVersion } from '../../store/statements/workflows.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';
import { noSuchSchedule } from './pause-schedule.js';

export interface CreateBackfill {
  readonly caller: Caller;
  readonly workflow: string;
  readonly schedule: string;
  /** The first time, and the one before which it ends. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxLive: number;
  readonly order: BackfillOrder;
  /** Whether times that have a run get another one. */
  readonly again: boolean;
  /** Whether it is only counted. */
  readonly dryRun: boolean;
}

export interface CancelBackfill {
  readonly caller: Caller;
  readonly workflow: string;
  readonly backfill: string;
}

export interface BackfillView {
  /** Empty for one that was only counted. */
  readonly id: string;
  readonly workflowId: string;
  readonly schedule: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxLive: number;
  readonly order: BackfillOrder;
  readonly again: boolean;
  /** Its times, and those of them that were taken or skipped. */
  readonly total: number;
  readonly position: number;
  readonly started: number;
  readonly skipped: number;
  readonly refused: number;
  /** Its runs that have not ended. */
  readonly live: number;
  readonly lastError: string | null;
  readonly createdAtMs: number;
  readonly createdBy: string | null;
  readonly endedAtMs: number | null;
  readonly isCancelled: boolean;
}

/** Backfills of a workflow that are kept. */
const keptMax = 100;
const slotsPerRead = 1_000;
/** The last time that there is. */
const timeMax = 8_640_000_000_000_000;

/** Creates, lists and cancels backfills. */
export function backfillVerbs(context: EngineContext) {
  const { store, environment, log } = context;

  async function workflowNo(connection: Connection, id: string): Promise<number> {
    const [row] = await currentVersion.run(connection, { id });
    if (row === undefined) throw notFound(`workflow ${JSON.stringify(id)}`);
    return row.workflow;
  }

  async function list(workflow: string): Promise<BackfillView[]> {
    const no = await workflowNo(store.read, workflow);
    const views: BackfillView[] = [];
    for (const row of await backfillsOfWorkflow.run(store.read, { workflow: no, limit: keptMax })) {
      const [live] = await liveRunsOfBackfill.run(store.read, { no: row.no });
      views.push(toView(row, workflow, live?.count ?? 0));
    }
    return views;
  }

  async function one(workflow: string, id: string): Promise<BackfillView> {
    const found = (await list(workflow)).find((view) => view.id === id);
    if (found === undefined) throw notFound(`backfill ${JSON.stringify(id)} of workflow ${JSON.stringify(workflow)}`);
    return found;
  }

  /** The slots of a backfill in their order: those before the next slot of the schedule, which it takes itself. */
  async function slotsOf({ workflow, schedule, fromMs, toMs, order }: CreateBackfill) {
    await workflowNo(store.read, workflow);
    const rows = await schedulesByWorkflowId.run(store.read, { id: workflow });
    const row = rows.find(({ id }) => id === schedule);
    if (row === undefined) throw noSuchSchedule(workflow, schedule, rows);
    const before = Math.min(toMs, row.next_slot_ms ?? environment.now());
    const slots = slotsBetween(JSON.parse(row.spec) as Schedule, fromMs, before, limits.backfillSlots);
    if (slots.length > limits.backfillSlots) {
      const most = `the backfill has more than ${limits.backfillSlots} times`;
      throw new DomainError(
        'too_large',
        `${most}: choose a later "from" or an earlier "to", and run several after one another`,
      );
    }
    return { row, slots: order === 'newest' ? slots.reverse() : slots };
  }

  async function countTaken(workflow: number, schedule: string, slots: readonly number[]): Promise<number> {
    let taken = 0;
    for (let at = 0; at < slots.length; at += slotsPerRead) {
      const rows = slots.slice(at, at + slotsPerRead).map((slot_ms) => ({ workflow, schedule, slot_ms }));
      taken += (await runsOfSlots.run(store.longRead, { rows })).filter(({ id }) => id !== null).length;
    }
    return taken;
  }

  return {
    listBackfills: list,

    async createBackfill(input: CreateBackfill): Promise<BackfillView> {
      const { caller, workflow, schedule, fromMs, toMs, maxLive, order, again, dryRun } = input;
      if (fromMs >= toMs) throw new DomainError('malformed', 'to_ms: it must be later than from_ms');
      if (fromMs < 0 || toMs > timeMax) throw new DomainError('malformed', `from_ms: it must be from 0 to ${timeMax}`);
      const { row, slots } = await slotsOf(input);
      const id = environment.newId();
      if (dryRun) {
        const skipped = again ? 0 : await countTaken(row.workflow, schedule, slots);
        const counted = { total: slots.length, position: 0, started: 0, skipped, refused: 0, live: 0 };
        const none = { lastError: null, createdBy: null, endedAtMs: null, isCancelled: false };
        const createdAtMs = environment.now();
        return {
          id: '',
          workflowId: workflow,
          schedule,
          fromMs,
          toMs,
          maxLive,
          order,
          again,
          createdAtMs,
          ...counted,
          ...none,
        };
      }
      const data = { schedule, backfill: id, times: slots.length };
      const entry: AuditDraft = {
        action: 'backfill.created',
        subject: workflow,
        source: 'api',
        actor: caller.credential,
        data,
      };
      await store.transact(async (connection, databaseNowMs) => {
        const nowMs = databaseNowMs ?? environment.now();
        await lockSchedulesOfWorkflow.run(connection, { id: workflow });
        const before = await backfillsOfWorkflow.run(connection, { workflow: row.workflow, limit: keptMax });
        const active = before.find((other) => other.schedule === schedule && other.ended_at_ms === null);
        if (active !== undefined) {
          const what = `backfill ${active.id} of schedule ${JSON.stringify(schedule)} has not ended`;
          throw new DomainError('conflict', `${what}: wait for it, or cancel it`);
        }
        const oldest = before[keptMax - 1];
        if (oldest !== undefined)
          await deleteOldBackfills.run(connection, { workflow: row.workflow, beforeNo: oldest.no + 1 });
        await insertBackfill.run(connection, {
          id,
          workflow: row.workflow,
          schedule,
          spec: row.spec,
          fromMs,
          toMs,
          newestFirst: order === 'newest' ? 1 : 0,
          again: again ? 1 : 0,
          maxLive,
          slots: JSON.stringify(slots),
          total: slots.length,
          nowMs,
          by: caller.credential,
          endedAtMs: slots.length === 0 ? nowMs : null,
        });
        await writeAudit(connection, nowMs, [entry]);
      });
      logAudit(log, entry);
      context.schedulesChanged.send();
      return one(workflow, id);
    },

    async cancelBackfill({ caller, workflow, backfill }: CancelBackfill): Promise<BackfillView> {
      const no = await workflowNo(store.read, workflow);
      const entry: AuditDraft = {
        action: 'backfill.cancelled',
        subject: workflow,
        source: 'api',
        actor: caller.credential,
        data: { backfill },
      };
      const isCancelled = await store.transact(async (connection, databaseNowMs) => {
        const nowMs = databaseNowMs ?? environment.now();
        const cancelled = await cancelBackfill.run(connection, { workflow: no, id: backfill, nowMs });
        if (cancelled.length > 0) await writeAudit(connection, nowMs, [entry]);
        return cancelled.length > 0;
      });
      if (isCancelled) logAudit(log, entry);
      return one(workflow, backfill);
    },
  };
}

function toView(row: ListedBackfill, workflowId: string, live: number): BackfillView {
  return {
    id: row.id,
    workflowId,
    schedule: row.schedule,
    fromMs: row.from_ms,
    toMs: row.to_ms,
    maxLive: row.max_live,
    order: row.newest_first === 1 ? 'newest' : 'oldest',
    again: row.again === 1,
    total: row.total,
    position: row.position,
    started: row.started,
    skipped: row.skipped,
    refused: row.refused,
    live,
    lastError: row.last_error,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by_name,
    endedAtMs: row.ended_at_ms,
    isCancelled: row.cancelled === 1,
  };
}
