import type { RunRow } from '../../store/statements/find-runs.js';
import { reopenRun } from '../../store/statements/reruns.js';
import { deleteRunFigures } from '../../store/statements/run-figures.js';
import type { Batch } from '../writer/batch.js';

/** Opens the run, whose timeout counts anew, and which statistics count again when it ends. */
export async function reopen(batch: Batch, change: Parameters<typeof reopenRun.run>[1]): Promise<void> {
  await deleteRunFigures.run(batch.connection, { run: change.no });
  const [run] = await reopenRun.run(batch.connection, change);
  if (run !== undefined && run.deadline_ms !== null) batch.wakeups.dueAt(run.deadline_ms);
}

/** Whether a re-run of the run needs a place in its group; a run in progress has one. */
export function asksAgain(run: RunRow): run is RunRow & { readonly gate: number } {
  return run.gate !== null && hasRunEnded(run);
}

export function hasRunEnded({ state }: Pick<RunRow, 'state'>): boolean {
  return state !== 'queued' && state !== 'running';
}
