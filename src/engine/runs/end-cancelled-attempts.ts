import { isChild, runOfJob } from '../../store/job-id.js';
import { endAttemptsIfLive } from '../../store/statements/attempts.js';
import { markSettled } from '../../store/statements/jobs.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext } from '../context.js';
import { factsOf } from '../memory/run-info.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { settleJobs } from './settle-jobs.js';

/** A live attempt of a cancelled job that has stopped, or whose report is no longer awaited. */
export interface StoppedAttempt {
  readonly job: number;
  readonly number: number;
  readonly claimed_at_ms: number;
  /** Of the report that it has stopped; null when there was none. */
  readonly digest: string | null;
  /** Whether dependents may wait for it. */
  readonly isHeld: boolean;
}

/** Ends attempts of cancelled jobs and propagates them to the dependents that waited for them to stop. */
export async function endCancelledAttempts(
  context: BatchContext,
  batch: Batch,
  attempts: readonly StoppedAttempt[],
): Promise<void> {
  if (attempts.length === 0) return;
  for (const { claimed_at_ms } of attempts) batch.notBefore(claimed_at_ms);
  await endAttemptsIfLive.run(batch.connection, {
    rows: attempts.map(({ job, number, digest }) => ({
      job,
      number,
      outcome: 'cancelled',
      at_ms: batch.nowMs,
      digest,
      error: null,
      exit_code: null,
    })),
  });
  for (const { job, number, digest } of attempts) {
    batch.measures.outcomes.push('cancelled');
    batch.measures.stoppedAttempts.push({ job, number });
    batch.wakeups.signals.add(jobTopic(job));
    if (digest === null) batch.wakeups.signals.add(leaseTopic(job));
  }
  const held = attempts.filter(({ isHeld }) => isHeld).map(({ job }) => job);
  if (held.length === 0) return;
  // A child counts for its node when it has stopped.
  for (const job of held) if (isChild(job)) batch.changes.tally(job, 'cancelled');
  await markSettled.run(batch.connection, { rows: held.map((id) => ({ id, settled: settledState.propagated })) });
  const runs = await context.runs.get(batch, held.map(runOfJob));
  await settleJobs(
    context,
    batch,
    held.map((job) => ({ job, version: factsOf(runs, runOfJob(job)).version, succeeded: false })),
  );
}
