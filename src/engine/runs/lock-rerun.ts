import { DomainError } from '../../domain/errors.js';
import { type RunRow, runsByNumber } from '../../store/statements/find-runs.js';
import { lockJobs } from '../../store/statements/jobs.js';
import { lockRuns } from '../../store/statements/tally-runs.js';
import type { Batch } from '../writer/batch.js';
import { jobIdsWithNeeds, type LoadedJobs, loadJobs, loadNeeds } from './load-rerun.js';

/**
 * The jobs in their present states. Where several servers share the database, they are locked until the transaction
 * ends.
 */
export async function lockAndLoad(
  batch: Batch,
  run: Pick<RunRow, 'no' | 'version'>,
  ordinals: readonly number[],
): Promise<LoadedJobs> {
  const needs = await loadNeeds(batch.connection, run, ordinals);
  if (batch.connection.dialect.hasManyWriters) {
    const rows = jobIdsWithNeeds(run.no, ordinals, needs).map((id) => ({ id }));
    await lockJobs.run(batch.connection, { rows });
  }
  const loaded = await loadJobs(batch.connection, run, ordinals, needs);
  for (const { state, places } of loaded.rows.values()) if (state === 'held') batch.gates.locked(places);
  return loaded;
}

/**
 * The run in its present state. Its row is locked after its jobs, as everywhere. But here other jobs change after it,
 * because whether the run is cancelled decides about them. The possible deadlock is rare, and is retried.
 */
export async function lockedRun(batch: Batch, no: number): Promise<RunRow> {
  if (batch.connection.dialect.hasManyWriters) await lockRuns.run(batch.connection, { rows: [{ no }] });
  const [run] = await batch.applyAfterLockWait(runsByNumber.run(batch.connection, { rows: [{ no }] }));
  if (run === undefined) throw new DomainError('not_found', 'the run has just been deleted: its retention is over');
  return run;
}
