import { admittedOf, answerAsker } from '../../domain/gates/decide-gate.js';
import { limits } from '../../domain/limits.js';
import {
  admitRuns,
  countHolders,
  countWaitingRuns,
  firstWaitingRuns,
  type GateRow,
  holdersOfGate,
  setRunGates,
  supersedeRuns,
} from '../../store/statements/gates.js';
import type { Batch } from '../writer/batch.js';
import type { GateAsker } from '../writer/batch-gates.js';
import { gateLimits } from './limits.js';

/**
 * Distributes the places of a group of runs: to waiting runs first, then to those that request one. Returns the number of
 * places in use afterwards.
 */
export async function changeRunGate(batch: Batch, gate: GateRow, askers: readonly GateAsker[]): Promise<number> {
  let inUse = batch.gates.recounted.has(gate.no)
    ? await countUsed(batch, gate.no)
    : gate.in_use - (batch.gates.returned.get(gate.no) ?? 0);
  inUse += await admitWaiting(batch, gate.no, inUse);
  let waiting: number | null = null;
  for (const asker of askers) {
    const { group } = asker;
    if (group.queue === 'newest') {
      await supersede(batch, gate.no, asker.runId);
      waiting = null;
    }
    waiting ??= await countWaiting(batch, gate.no);
    // A run is never refused for a place that a server of an older version did not return.
    if (group.queue === 'none' && inUse >= group.max) inUse = await countUsed(batch, gate.no);
    const answer = answerAsker(group, inUse, waiting);
    const no = await asker.decided(answer, answer === 'group_full' ? await holderOf(batch, gate.no) : null);
    if (no === null) continue;
    const isHeld = answer === 'held';
    const cancels = isHeld && group.cancelInProgress;
    const placed = await setRunGates.run(batch.connection, {
      rows: [
        {
          no,
          gate: gate.no,
          gate_max: group.max,
          held: isHeld ? 1 : 0,
          gate_cancels: cancels ? 1 : 0,
          activate_from: isHeld ? null : 0,
        },
      ],
      nowMs: batch.nowMs,
    });
    for (const { deadline_ms } of placed) if (deadline_ms !== null) batch.wakeups.dueAt(deadline_ms);
    if (isHeld) waiting += 1;
    else inUse += 1;
    if (cancels) batch.gates.cancelsInProgress = true;
  }
  return inUse;
}

/** Admits waiting runs, in order, while there are places. Returns how many it admitted. */
async function admitWaiting(
  { connection, changes, gates, wakeups, nowMs }: Batch,
  gate: number,
  inUse: number,
): Promise<number> {
  let admitted = 0;
  for (;;) {
    const waiting = await firstWaitingRuns.run(connection, { gate, limit: gateLimits.waitingRunsPerQuery });
    const fits = admittedOf(inUse + admitted, waiting);
    if (fits > 0) {
      const rows = waiting.slice(0, fits).map(({ no }) => ({ no }));
      for (const { no, version, job_count, generation, deadline_ms } of await admitRuns.run(connection, {
        rows,
        nowMs,
      })) {
        gates.admitted.push({ no, version, jobCount: job_count });
        if (deadline_ms !== null) wakeups.dueAt(deadline_ms);
        // Children that run again wait until then.
        if (generation > 1) wakeups.leftMatrices = true;
      }
      for (const { no } of rows) changes.event('run.admitted', { run: no });
    }
    admitted += fits;
    if (fits < gateLimits.waitingRunsPerQuery) return admitted;
  }
}

/** Requests the cancel of waiting runs, because a newer run supersedes them. */
async function supersede({ connection, changes, gates, nowMs }: Batch, gate: number, by: string): Promise<void> {
  const waiting = await firstWaitingRuns.run(connection, { gate, limit: limits.groupWaitingRuns });
  if (waiting.length === 0) return;
  await supersedeRuns.run(connection, { rows: waiting.map(({ no }) => ({ no })), nowMs });
  for (const { no } of waiting) {
    changes.event('run.cancel_requested', { run: no, data: { forced: true, by: null, superseded_by: by } });
    gates.superseded.push(no);
  }
}

/** Counts the runs that have a place, from their rows; those that ended in this batch have none. */
async function countUsed({ connection }: Batch, gate: number): Promise<number> {
  const [row] = await countHolders.run(connection, { gate });
  return row?.count ?? 0;
}

async function countWaiting({ connection }: Batch, gate: number): Promise<number> {
  const [row] = await countWaitingRuns.run(connection, { gate });
  return row?.count ?? 0;
}

async function holderOf({ connection }: Batch, gate: number): Promise<string | null> {
  const [holder] = await holdersOfGate.run(connection, { gate, limit: 1 });
  return holder?.id ?? null;
}
