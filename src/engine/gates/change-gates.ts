import { writePlaces } from '../../domain/gates/places.js';
import { isGateOfRuns } from '../../domain/gates/run-group.js';
import { ensureGates, type GateRow, gatesByKey, lockGates, setGatesInUse } from '../../store/statements/gates.js';
import { setJobGates } from '../../store/statements/job-gates.js';
import type { BatchContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import { JobAdmission } from './admit-jobs.js';
import { changeRunGate } from './admit-runs.js';

/**
 * Distributes the places of gates: those of runs and jobs that ended in this batch go to those that wait first, then to
 * those that request one in it. It follows everything that changes jobs and runs, because gates are locked after them, and
 * decides only on what it reads after the lock. Costs nothing for a batch that touches no gate.
 */
export async function changeGates(knowledge: BatchContext, batch: Batch): Promise<void> {
  const { gates, connection } = batch;
  if (gates.isUntouched) return;
  const asking = Map.groupBy(gates.askers, ({ group }) => group.key);
  const numbersByKey = await numbersOf(batch, [
    ...new Set([...asking.keys(), ...gates.jobs.flatMap((job) => job.gates.map(({ key }) => key))]),
  ]);
  const numbers = new Set([...numbersByKey.values(), ...gates.returned.keys(), ...gates.looked]);
  const rows = [...numbers].sort((a, b) => a - b).map((gate) => ({ gate }));
  const locked = await batch.applyAfterLockWait(lockGates.run(connection, { rows }));
  if (locked.length < numbers.size) throw new Error('a gate was deleted during a request for a place');
  const comers = await placeJobs(batch, numbersByKey);
  const uses = new Map<number, number>();
  for (const gate of locked.filter((one) => !isOfJobs(one))) {
    uses.set(gate.no, await changeRunGate(batch, gate, asking.get(gate.key) ?? []));
  }
  const admission = new JobAdmission(knowledge, batch, locked.filter(isOfJobs), comers);
  for (const [gate, inUse] of await admission.run()) uses.set(gate, inUse);
  const changed = locked.filter(({ no, in_use }) => (uses.get(no) ?? in_use) !== in_use);
  if (changed.length === 0) return;
  const newUses = changed.map(({ no, in_use }) => ({ no, in_use: uses.get(no) ?? in_use }));
  await setGatesInUse.run(connection, { rows: newUses, nowMs: batch.nowMs });
}

/** The numbers of gates by their keys; stores new ones. */
async function numbersOf({ connection, nowMs }: Batch, keys: readonly string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const numbers = new Map<string, number>();
  const read = async (rows: readonly { key: string }[]) => {
    for (const { key, no } of await gatesByKey.run(connection, { rows })) numbers.set(key, no);
  };
  await read(keys.map((key) => ({ key })));
  const missing = keys.filter((key) => !numbers.has(key)).map((key) => ({ key }));
  if (missing.length > 0) {
    await ensureGates.run(connection, { rows: missing, nowMs });
    await read(missing);
  }
  return numbers;
}

/** Stores the gates of the jobs that reach their first gate; returns how many reach each. */
async function placeJobs(
  { gates, connection }: Batch,
  numbers: ReadonlyMap<string, number>,
): Promise<Map<number, number>> {
  const comers = new Map<number, number>();
  const rows = gates.jobs.map(({ job, gates: way }) => {
    const places = way.map(({ key, max }) => ({ gate: numbers.get(key) ?? 0, max, sinceMs: null }));
    return { id: job, gate: places[0]?.gate ?? 0, places: writePlaces(places) };
  });
  if (rows.length === 0) return comers;
  const placed = new Set((await setJobGates.run(connection, { rows })).map(({ id }) => id));
  // This batch may have cancelled a job after it came to its gate.
  gates.forgetComers(new Set(rows.flatMap(({ id }) => (placed.has(id) ? [] : [id]))));
  for (const { id, gate } of rows) if (placed.has(id)) comers.set(gate, (comers.get(gate) ?? 0) + 1);
  return comers;
}

/** Whether the places of a gate belong to jobs, not runs. */
function isOfJobs({ key }: GateRow): boolean {
  return !isGateOfRuns(key);
}
