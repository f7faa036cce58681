import { limits } from '../../domain/limits.js';
import { runOfJob } from '../../store/job-id.js';
import type { ClaimableJob } from '../../store/statements/claims.js';
import { upstreamBytes } from '../../store/statements/upstream-bytes.js';
import type { BatchContext } from '../context.js';
import type { KnownJob } from '../memory/job-specs.js';
import { factsOf, type RunInfo } from '../memory/run-info.js';
import type { Batch } from '../writer/batch.js';
import { needsPlaceOf, placeOf, specAt } from './claimed-job.js';
import { claimLimits } from './limits.js';

/** A claimable job and the cost of its claim. */
export interface WeighedJob {
  readonly job: ClaimableJob;
  readonly known: KnownJob;
  /** Outputs of its needs: exact where they could exceed a limit, otherwise 0. */
  readonly upstreamBytes: number;
  /** Size of all that its worker gets. */
  readonly bytes: number;
}

/**
 * Computes what the claims of some jobs would hand out, before any of it is read. Sums of outputs cost a statement, so
 * they are read only where the number of needs leaves a doubt: a claim of one job with up to 16 needs never reads them.
 *
 * @param isShared whether a claim may get several of the jobs, so that their sum counts
 */
export async function weighJobs(
  context: BatchContext,
  batch: Batch,
  runs: Map<number, RunInfo>,
  jobs: readonly ClaimableJob[],
  isShared: boolean,
): Promise<WeighedJob[]> {
  const ofJobs = await context.runs.get(
    batch,
    jobs.map(({ id }) => runOfJob(id)),
  );
  for (const [no, facts] of ofJobs) runs.set(no, facts);
  const places = jobs.map(({ id }) => placeOf(runs, id));
  const known = await context.specs.get(batch.connection, places);
  const ownBytes = jobs.map(({ id }, at) => specAt(known, at).specChars + factsOf(runs, runOfJob(id)).inputsChars);
  const atMost = (at: number) => specAt(known, at).needs * limits.outputsBytes;

  const all = jobs.reduce((sum, _, at) => sum + (ownBytes[at] ?? 0) + atMost(at), 0);
  const isDoubtful = (at: number) =>
    atMost(at) > claimLimits.upstreamBytes || (isShared && atMost(at) > 0 && all > claimLimits.jobsBytes);
  const rows = jobs.flatMap(({ id }, at) => {
    const { version, ord } = needsPlaceOf(runs, id, known[at]);
    return isDoubtful(at) ? [{ job: id, run: runOfJob(id), version, ord }] : [];
  });
  const sums = rows.length === 0 ? [] : await upstreamBytes.run(batch.connection, { rows });
  const upstream = new Map(sums.map(({ job, bytes }) => [job, bytes]));
  return jobs.map((job, at) => {
    const bytes = upstream.get(job.id) ?? 0;
    return { job, known: specAt(known, at), upstreamBytes: bytes, bytes: (ownBytes[at] ?? 0) + bytes };
  });
}
