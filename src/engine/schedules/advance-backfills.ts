import { EvaluationError } from '../../domain/condition/functions.js';
import { DomainError } from '../../domain/errors.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import { inputsOfSlot, variablesOfSchedule } from '../../domain/schedule/schedule-inputs.js';
import {
  type ActiveBackfill,
  activeBackfills,
  advanceBackfill,
  liveRunsOfBackfill,
  noteRefusedByGroup,
} from '../../store/statements/backfills.js';
import { runsOfSlots } from '../../store/statements/schedules.js';
import type { BatchContext } from '../context.js';
import { type LargeRun, type Started, startRunsIn } from '../runs/start-operation.js';
import { loadVariables } from '../runs/variables-of-runs.js';
import type { WantedRun } from '../runs/wanted-run.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';

/** Backfills that one transaction advances, the runs that it starts for each, and slots that it looks at for each. */
const backfillsAtOnce = 10;
const runsAtOnce = 100;
const slotsAtOnce = 500;
/** Jobs of all runs of one transaction, apart from its first run. */
const jobsPerTransaction = 4_000;

export interface AdvancedBackfills {
  /** Whether any backfill took or skipped a slot. */
  readonly hasProgress: boolean;
  /** Runs whose jobs still have to be created, each with its backfill. */
  readonly large: readonly { readonly run: LargeRun; readonly backfill: number }[];
  /** The results of runs in groups, known at the end of the batch. */
  readonly inGroups: readonly Started[];
}

/** Starts the next runs of backfills, as far as their live runs leave room. The cursor moves in the same transaction. */
export function advanceBackfillsOperation(context: BatchContext): Operation<null, AdvancedBackfills> {
  return {
    name: 'advance-backfills',
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answer = await advance(context, batch);
      return inputs.map(() => answer);
    },
  };
}

async function advance(context: BatchContext, batch: Batch): Promise<AdvancedBackfills> {
  const large: { run: LargeRun; backfill: number }[] = [];
  const inGroups: Started[] = [];
  let hasProgress = false;
  let jobs = jobsPerTransaction;
  for (const backfill of await activeBackfills.run(batch.connection, { limit: backfillsAtOnce })) {
    const [live] = await liveRunsOfBackfill.run(batch.connection, { no: backfill.no });
    const fitting = Math.max(hasProgress ? 0 : 1, Math.floor(jobs / Math.max(1, backfill.job_count)));
    const room = Math.min(backfill.max_live - (live?.count ?? 0), fitting, runsAtOnce);
    if (room <= 0) continue;
    const started = await advanceOne(context, batch, backfill, room);
    hasProgress = true;
    for (const run of started) {
      jobs -= backfill.job_count;
      if (run.large === null) inGroups.push(run);
      else large.push({ run: run.large, backfill: backfill.no });
    }
  }
  return { hasProgress, large, inGroups };
}

async function advanceOne(
  context: BatchContext,
  batch: Batch,
  backfill: ActiveBackfill,
  room: number,
): Promise<Started[]> {
  const schedule = JSON.parse(backfill.spec) as Schedule;
  const { chosen, position } = await nextSlots(batch, backfill, room);
  const names = variablesOfSchedule(schedule);
  const named = [{ workflow: backfill.workflow, names: [...new Set(names)] }];
  const vars = (await loadVariables(batch.connection, named))(backfill.workflow, names);
  const wanted: WantedRun[] = [];
  const errors: string[] = [];
  for (const slotMs of chosen) {
    try {
      const inputs = inputsOfSlot(schedule, slotMs, vars);
      wanted.push(wantedRun(context, batch, backfill, slotMs, inputs));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      errors.push(error.message);
    }
  }
  const answers = await startRunsIn(context, batch, wanted);
  for (const answer of answers) if (answer instanceof DomainError) errors.push(answer.message);
  await advanceBackfill.run(batch.connection, {
    no: backfill.no,
    position,
    started: chosen.length - errors.length,
    skipped: position - backfill.position - chosen.length,
    refused: errors.length,
    error: errors.at(-1) ?? null,
    endedAtMs: position === backfill.total ? batch.nowMs : null,
  });
  return answers.filter((answer): answer is Started => !(answer instanceof DomainError));
}

/** The next slots that get a run, and where the cursor is after them. */
async function nextSlots(
  batch: Batch,
  { workflow, schedule, slots, position: first, total, again }: ActiveBackfill,
  room: number,
): Promise<{ chosen: number[]; position: number }> {
  const upTo = Math.min(total, first + (again === 1 ? room : slotsAtOnce));
  const next = (JSON.parse(slots) as number[]).slice(first, upTo);
  if (again === 1) return { chosen: next, position: upTo };
  const rows = await runsOfSlots.run(batch.connection, {
    rows: next.map((slot_ms) => ({ workflow, schedule, slot_ms })),
  });
  const taken = new Set(rows.filter(({ id }) => id !== null).map(({ slot_ms }) => slot_ms));
  const chosen: number[] = [];
  let position = first;
  for (const slotMs of next) {
    if (chosen.length === room) break;
    position++;
    if (!taken.has(slotMs)) chosen.push(slotMs);
  }
  return { chosen, position };
}

function wantedRun(
  { environment }: BatchContext,
  batch: Batch,
  { no, workflow_id, schedule }: ActiveBackfill,
  atMs: number,
  inputs: ReadonlyMap<string, string>,
): WantedRun {
  return {
    id: environment.newId(),
    of: workflow_id,
    inputs,
    unknownFields: [],
    requestId: null,
    by: null,
    traceparent: null,
    slot: {
      schedule,
      atMs,
      overlap: 'allow',
      backfill: no,
      async refused({ message }) {
        await noteRefusedByGroup.run(batch.connection, { no, error: message });
      },
    },
  };
}
