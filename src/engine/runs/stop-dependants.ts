import { conditionKind } from '../../domain/settle.js';
import { cancelLiveAttempts } from '../../store/statements/jobs.js';
import { cancelMatrices } from '../../store/statements/matrices.js';
import { cancelRunningJobs } from '../../store/statements/reruns.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext } from '../context.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { endCancelledAttempts } from './end-cancelled-attempts.js';

/**
 * Cancels running jobs that need a job that will run again; their workers are notified. Their dependents are decided
 * when the attempts have stopped, so that nothing waits for ever if the re-run itself never follows.
 */
export async function stopDependants(
  context: BatchContext,
  batch: Batch,
  run: number,
  jobIds: readonly number[],
): Promise<void> {
  const jobs = await cancelRunningJobs.run(batch.connection, {
    rows: jobIds.map((id) => ({ id })),
    nowMs: batch.nowMs,
  });
  for (const id of jobIds) {
    const nodes = await cancelMatrices.run(batch.connection, {
      fromId: id,
      toId: id + 1,
      spareUpTo: conditionKind.survivesCancel,
    });
    if (nodes.length > 0) batch.wakeups.leftMatrices = true;
  }
  if (jobs.length === 0) return;
  const live = await cancelLiveAttempts.run(batch.connection, {
    rows: jobs.map(({ id, attempt }) => ({ job: id, number: attempt })),
    byMs: batch.nowMs + context.stopGraceMs,
  });
  for (const { job, deadline_ms } of live) {
    batch.wakeups.signals.add(leaseTopic(job));
    batch.wakeups.dueAt(deadline_ms);
  }
  for (const { id, attempt, places } of jobs) {
    batch.gates.left(places);
    batch.changes.event('job.cancelled', { run, job: id, attempt, data: { reason: 'rerun' } });
    batch.changes.tally(id, 'cancelled');
    batch.wakeups.signals.add(jobTopic(id));
  }
  if (context.stopGraceMs > 0) return;
  const held = new Set(jobs.filter(({ settled }) => settled === settledState.held).map(({ id }) => id));
  await endCancelledAttempts(
    context,
    batch,
    live.map((attempt) => ({ ...attempt, digest: null, isHeld: held.has(attempt.job) })),
  );
}
