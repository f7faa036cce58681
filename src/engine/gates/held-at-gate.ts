import { jobGroupPrefix, nodeOfGate } from '../../domain/gates/job-gates.js';
import { pausePrefix } from '../../domain/gates/pause.js';
import { readPlaces } from '../../domain/gates/places.js';
import { nameOfRunGroup } from '../../domain/gates/run-group.js';
import { type HeldFact, type HolderFact, namedHolders, type PausedFact } from '../../domain/why-facts.js';
import { type GateRunRow, holdersOfGate, placeAtGate } from '../../store/statements/gates.js';
import { type GateJobRow, gateOfHeldJob, jobsWithPlace, orderOfHeldJobs } from '../../store/statements/job-gates.js';
import { allPauses, type PauseRow } from '../../store/statements/pauses.js';
import type { Store } from '../../store/store.js';
import type { EngineContext } from '../context.js';
import { gateLimits } from './limits.js';

/** Position of a run that waits for a place in its group; null when it does not wait. */
export async function heldAtGate({ store }: Pick<EngineContext, 'store'>, run: number): Promise<HeldFact | null> {
  const [place] = await placeAtGate.run(store.read, { run });
  if (place === undefined) return null;
  if (place.key.startsWith(pausePrefix)) return pauseAtGate(store, place.no);
  const holders = await holdersOfGate.run(store.read, { gate: place.no, limit: namedHolders });
  return {
    code: 'held_by_group',
    ofJobs: false,
    group: nameOfRunGroup(place.key),
    max: place.max,
    inUse: place.in_use,
    sinceMs: place.since_ms,
    before: place.before,
    holders: holders.map(toRunAtGate),
  };
}

/** Position of a job that waits for a place in its group, or among the children of its node; null when it does not wait. */
export async function jobHeldAtGate({ store }: Pick<EngineContext, 'store'>, job: number): Promise<HeldFact | null> {
  const [held] = await gateOfHeldJob.run(store.read, { job });
  if (held === undefined) return null;
  if (held.key.startsWith(pausePrefix)) return pauseAtGate(store, held.no);
  const first = await orderOfHeldJobs.run(store.read, { gate: held.no, limit: gateLimits.jobsBefore });
  const before = first.findIndex(({ id }) => id === job);
  const place = {
    max: readPlaces(held.places).find(({ gate }) => gate === held.no)?.max ?? 1,
    inUse: held.in_use,
    sinceMs: held.since_ms,
    before: before === -1 ? first.length : before,
  };
  if (nodeOfGate(held.key) !== null) {
    return { code: 'held_by_max_parallel', jobKey: held.node_key, ...place };
  }
  const holders = await jobsWithPlace.run(store.read, { gate: held.no, limit: namedHolders });
  return {
    code: 'held_by_group',
    ofJobs: true,
    group: held.key.slice(jobGroupPrefix.length),
    ...place,
    holders: holders.map(toJobAtGate),
  };
}

/** The pause to which a gate belongs; null when it is over, and what it held goes on in a moment. */
async function pauseAtGate(store: Store, gate: number): Promise<PausedFact | null> {
  const pause = (await allPauses.run(store.read, {})).find((row) => row.gate === gate);
  return pause === undefined ? null : toPausedFact(pause);
}

/** The pauses of labels among some. */
export async function pausesOfLabels(
  { store, labelSets }: Pick<EngineContext, 'store' | 'labelSets'>,
  labels: readonly string[],
): Promise<PausedFact[]> {
  if (!labelSets.isPaused(labels)) return [];
  const rows = await allPauses.run(store.read, {});
  return rows.filter(({ kind, subject }) => kind === 'label' && labels.includes(subject)).map(toPausedFact);
}

function toPausedFact({ kind, subject, reason, paused_at_ms, paused_by_name }: PauseRow): PausedFact {
  return { code: 'paused', kind, subject, reason, sinceMs: paused_at_ms, by: paused_by_name };
}

/** A run or a job that has a place, or waits for one. */
export type AtGate = HolderFact;

export function toRunAtGate({ id, workflow_id, since_ms }: GateRunRow): AtGate {
  return { runId: id, workflowId: workflow_id, jobKey: null, sinceMs: since_ms };
}

export function toJobAtGate({ run_id, workflow_id, key, places, enqueued_at_ms }: GateJobRow): AtGate {
  const sinceMs = readPlaces(places).at(-1)?.sinceMs ?? enqueued_at_ms;
  return { runId: run_id, workflowId: workflow_id, jobKey: key, sinceMs };
}
