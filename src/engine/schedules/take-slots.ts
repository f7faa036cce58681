import { EvaluationError } from '../../domain/condition/functions.js';
import { DomainError } from '../../domain/errors.js';
import { decideSlots, type SkippedSlots, slotsAtOnce } from '../../domain/schedule/decide-slots.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import { inputsOfSlot, scheduledAtText, variablesOfSchedule } from '../../domain/schedule/schedule-inputs.js';
import type { Variables } from '../../domain/variables.js';
import {
  type DueSchedule,
  dueSchedules,
  liveRunsOfSchedules,
  noteSlotOutcomes,
  runsOfSlots,
  takeSlots,
} from '../../store/statements/schedules.js';
import type { ScheduleTable } from '../../store/tables/schedules.js';
import type { BatchContext } from '../context.js';
import { type LargeRun, type Started, startRunsIn } from '../runs/start-operation.js';
import { loadVariables } from '../runs/variables-of-runs.js';
import type { WantedRun } from '../runs/wanted-run.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { scheduleLimits } from './limits.js';
import { refusal, type SlotKey } from './refused-slot.js';
import { dueOf, type NextSlot, specOf } from './store-schedules.js';

export interface TakenSlots {
  /** Number of due schedules. */
  readonly schedules: number;
  /** Runs whose jobs still have to be created. */
  readonly large: readonly ScheduledRun[];
  /** The results of runs in groups, known at the end of the batch. */
  readonly inGroups: readonly Started[];
  /** The time by the clock that decides. */
  readonly nowMs: number;
}

/** A large run, and its slot. */
export interface ScheduledRun {
  readonly run: LargeRun;
  readonly slot: SlotKey;
}

/** A slot that starts a run unless something prevents it. */
interface Slot {
  readonly row: DueSchedule;
  readonly schedule: Schedule;
  readonly atMs: number;
}

type Outcome = NonNullable<ScheduleTable['last_outcome']>;

interface SlotOutcome extends Slot {
  readonly outcome: Outcome;
  readonly run: string | null;
  readonly error: string | null;
}

/** The slots of one schedule that a transaction takes. */
interface Turn {
  readonly row: DueSchedule;
  readonly schedule: Schedule;
  readonly taken: readonly number[];
  readonly skipped: readonly SkippedSlots[];
  readonly next: NextSlot;
  /** Why the slots cannot be computed; usually null. */
  readonly error: string | null;
}

/**
 * Takes the due slots, and starts their runs in the same transaction. So a slot has exactly one run, whatever crashes
 * and however many servers there are. The update of a schedule names the slot that it expects; if it updates no row,
 * another server took the slot.
 */
export function takeSlotsOperation(context: BatchContext): Operation<null, TakenSlots> {
  return {
    name: 'take-slots',
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answer = await takeDueSlots(context, batch);
      return inputs.map(() => answer);
    },
  };
}

async function takeDueSlots(context: BatchContext, batch: Batch): Promise<TakenSlots> {
  const { connection, nowMs } = batch;
  const due = await dueSchedules.run(connection, { nowMs, limit: slotsAtOnce });
  if (due.length === 0) return { schedules: 0, large: [], inGroups: [], nowMs };
  const turns = turnsOf(due, nowMs);
  const ours = await takeSlots.run(connection, {
    rows: turns.map(({ row, next }) => ({
      workflow: row.workflow,
      id: row.id,
      slot_ms: row.next_slot_ms,
      next_slot_ms: next.slotMs,
      due_at_ms: next.dueMs,
    })),
  });
  const isOurs = new Set(ours.map(({ workflow, id }) => keyOf(workflow, id)));
  const taken = turns.filter(({ row }) => isOurs.has(keyOf(row.workflow, row.id)));
  for (const turn of taken) for (const skipped of turn.skipped) noteSkipped(batch, turn.row, skipped);

  const slots = taken.flatMap(({ row, schedule, taken }) => taken.map((atMs): Slot => ({ row, schedule, atMs })));
  const { outcomes, large, inGroups } = await startSlots(context, batch, slots);
  await noteOutcomes(batch, taken, outcomes);
  return { schedules: taken.length, large, inGroups, nowMs };
}

/** As many slots as fit into one transaction. The others stay due. */
function turnsOf(due: readonly DueSchedule[], nowMs: number): Turn[] {
  const turns: Turn[] = [];
  let slots = slotsAtOnce;
  let jobs = scheduleLimits.jobsPerTransaction;
  for (const row of due) {
    if (slots <= 0 || jobs <= 0) break;
    const schedule = specOf(row);
    const most = Math.max(1, Math.min(slots, Math.floor(jobs / Math.max(row.job_count, 1))));
    const turn = turnOf(row, schedule, nowMs, most);
    turns.push(turn);
    slots -= turn.taken.length;
    jobs -= turn.taken.length * row.job_count;
  }
  return turns;
}

/**
 * A schedule that cannot be computed any more, for example in a time zone that this version of Node lacks, stops alone.
 */
function turnOf(row: DueSchedule, schedule: Schedule, nowMs: number, most: number): Turn {
  try {
    const { taken, skipped, nextMs } = decideSlots(schedule, row.workflow_id, row.next_slot_ms, nowMs, most);
    return { row, schedule, taken, skipped, next: dueOf(schedule, row.workflow_id, nextMs), error: null };
  } catch (error) {
    const none = { slotMs: null, dueMs: null };
    return { row, schedule, taken: [], skipped: [], next: none, error: (error as Error).message };
  }
}

async function startSlots(
  context: BatchContext,
  batch: Batch,
  slots: readonly Slot[],
): Promise<{ outcomes: SlotOutcome[]; large: ScheduledRun[]; inGroups: Started[] }> {
  if (slots.length === 0) return { outcomes: [], large: [], inGroups: [] };
  const outcomes: SlotOutcome[] = [];
  const end = (slot: Slot, outcome: Outcome, run: string | null, error: string | null = null) =>
    outcomes.push({ ...slot, outcome, run, error });

  const earlier = await runsThatSlotsHave(batch, slots);
  const live = await liveRuns(batch, slots);
  const wanted: { slot: Slot; run: WantedRun }[] = [];
  const varsOf = await variablesOfSlots(batch, slots);
  for (const slot of slots) {
    const key = keyOf(slot.row.workflow, slot.row.id);
    const before = earlier.get(`${key} ${slot.atMs}`);
    const inTheWay = slot.schedule.overlap === 'skip' ? live.get(key) : undefined;
    if (before !== undefined) end(slot, 'started', before);
    else if (context.pauses.isWorkflowPaused(slot.row.workflow)) end(slot, 'paused', null);
    else if (inTheWay !== undefined) end(slot, 'overlap', inTheWay);
    else {
      const run = wantedRun(context, batch, slot, varsOf(slot));
      if (run instanceof EvaluationError) end(slot, 'refused', null, run.message);
      else {
        wanted.push({ slot, run });
        live.set(key, run.id);
      }
    }
  }
  const large: ScheduledRun[] = [];
  const inGroups: Started[] = [];
  const started = await startRunsIn(
    context,
    batch,
    wanted.map(({ run }) => run),
  );
  for (const [at, { slot }] of wanted.entries()) {
    const answer = started[at];
    if (answer instanceof DomainError) end(slot, 'refused', null, answer.message);
    else if (answer !== undefined) {
      end(slot, 'started', answer.runId);
      if (answer.large !== null) large.push({ run: answer.large, slot: keyOfSlot(slot) });
      else inGroups.push(answer);
    }
  }
  return { outcomes, large, inGroups };
}

/** The server variables that the inputs of slots name. */
async function variablesOfSlots(batch: Batch, slots: readonly Slot[]): Promise<(slot: Slot) => Variables> {
  const named = slots.map(({ row, schedule }) => ({
    workflow: row.workflow,
    names: [...new Set(variablesOfSchedule(schedule))],
  }));
  const found = await loadVariables(batch.connection, named);
  return ({ row, schedule }) => found(row.workflow, variablesOfSchedule(schedule));
}

function wantedRun(
  { environment }: BatchContext,
  batch: Batch,
  slot: Slot,
  vars: Variables,
): WantedRun | EvaluationError {
  const { row, schedule, atMs } = slot;
  try {
    return {
      id: environment.newId(),
      of: row.workflow_id,
      inputs: inputsOfSlot(schedule, atMs, vars),
      unknownFields: [],
      requestId: null,
      by: null,
      traceparent: null,
      slot: {
        schedule: schedule.id,
        atMs,
        overlap: schedule.overlap,
        backfill: null,
        async refused({ message }) {
          const refused = refusal(keyOfSlot(slot), message);
          batch.changes.audits.push(refused.entry);
          await noteSlotOutcomes.run(batch.connection, { rows: [refused.outcome] });
        },
      },
    };
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
}

/** Existing runs of the slots: a schedule may have been removed and restored while the clock was set back. */
async function runsThatSlotsHave(batch: Batch, slots: readonly Slot[]): Promise<Map<string, string>> {
  const rows = await runsOfSlots.run(batch.connection, {
    rows: slots.map(({ row, atMs }) => ({ workflow: row.workflow, schedule: row.id, slot_ms: atMs })),
  });
  const runs = new Map<string, string>();
  for (const { workflow, schedule, slot_ms, id } of rows) {
    if (id !== null) runs.set(`${keyOf(workflow, schedule)} ${slot_ms}`, id);
  }
  return runs;
}

/** One unfinished run of each schedule, where that matters. */
async function liveRuns(batch: Batch, slots: readonly Slot[]): Promise<Map<string, string>> {
  const asking = slots.filter(({ schedule }) => schedule.overlap === 'skip');
  const keys = new Map(
    asking.map(({ row }) => [keyOf(row.workflow, row.id), { workflow: row.workflow, schedule: row.id }]),
  );
  if (keys.size === 0) return new Map();
  const rows = await liveRunsOfSchedules.run(batch.connection, { rows: [...keys.values()] });
  const live = new Map<string, string>();
  for (const { workflow, schedule, id } of rows) if (id !== null) live.set(keyOf(workflow, schedule), id);
  return live;
}

/** Stores the result of each schedule's last slot. */
async function noteOutcomes(batch: Batch, turns: readonly Turn[], outcomes: readonly SlotOutcome[]): Promise<void> {
  for (const { row, atMs, outcome, run, error } of outcomes) {
    if (outcome === 'started') continue;
    const reason = { reason: outcome, ...(run === null ? {} : { run }), ...(error === null ? {} : { error }) };
    noteAudit(batch, row, { ...reason, from: scheduledAtText(atMs), to: scheduledAtText(atMs) });
  }
  const last = turns.flatMap(({ row, skipped, error }) => {
    if (error !== null) {
      noteAudit(batch, row, { reason: 'refused', error, from: scheduledAtText(row.next_slot_ms) });
      return [{ ...keysOf(row), slot_ms: row.next_slot_ms, outcome: 'refused' as const, run: null, error }];
    }
    const own = outcomes.filter((outcome) => outcome.row === row);
    const newest = own.reduce<SlotOutcome | null>((a, b) => (a === null || b.atMs > a.atMs ? b : a), null);
    const missed = skipped.find(({ reason }) => reason === 'missed');
    if (newest === null && missed === undefined) return [];
    return [
      {
        ...keysOf(row),
        slot_ms: newest?.atMs ?? missed?.toMs ?? row.next_slot_ms,
        outcome: newest?.outcome ?? ('missed' as const),
        run: newest?.run ?? null,
        error: newest?.error ?? null,
      },
    ];
  });
  if (last.length > 0) await noteSlotOutcomes.run(batch.connection, { rows: last });
}

function noteSkipped(batch: Batch, row: DueSchedule, { reason, fromMs, toMs }: SkippedSlots): void {
  noteAudit(batch, row, { reason, from: scheduledAtText(fromMs), to: scheduledAtText(toMs) });
}

function noteAudit(batch: Batch, row: DueSchedule, data: Readonly<Record<string, unknown>>): void {
  batch.changes.audits.push({
    action: 'schedule.skipped',
    subject: row.workflow_id,
    source: 'schedule',
    actor: null,
    data: { schedule: row.id, ...data },
  });
}

function keyOfSlot({ row, atMs }: Slot): SlotKey {
  return { workflow: row.workflow, workflowId: row.workflow_id, schedule: row.id, atMs };
}

function keysOf({ workflow, id }: DueSchedule): { workflow: number; id: string } {
  return { workflow, id };
}

function keyOf(workflow: number, schedule: string): string {
  return `${workflow} ${schedule}`;
}
