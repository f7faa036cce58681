import type { CancelledAttempt } from '../../store/statements/jobs.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext } from '../context.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { endCancelledAttempts } from './end-cancelled-attempts.js';

/** What follows for children that were just cancelled: those that ran are counted when their attempts have stopped. */
export async function noteCancelled(
  context: BatchContext,
  batch: Batch,
  run: number,
  jobs: readonly {
    readonly id: number;
    readonly attempt: number;
    readonly settled: number;
    readonly places: string | null;
  }[],
  live: readonly CancelledAttempt[],
): Promise<void> {
  for (const { job, deadline_ms } of live) {
    batch.wakeups.signals.add(leaseTopic(job));
    batch.wakeups.dueAt(deadline_ms);
  }
  for (const { id, attempt, settled, places } of jobs) {
    batch.gates.left(places);
    batch.changes.event('job.cancelled', { run, job: id, attempt });
    if (settled !== settledState.held) batch.changes.tally(id, 'cancelled');
    batch.wakeups.signals.add(jobTopic(id));
  }
  if (context.stopGraceMs > 0) return;
  await endCancelledAttempts(
    context,
    batch,
    live.map((attempt) => ({ ...attempt, digest: null, isHeld: true })),
  );
}
