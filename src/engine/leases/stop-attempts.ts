import { deadlineOf } from '../../domain/lease.js';
import { runOfJob } from '../../store/job-id.js';
import { type AttemptRow, stopAttempts } from '../../store/statements/attempts.js';
import type { BatchContext } from '../context.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { writeSystemLines } from './system-lines.js';
import { seconds, timedOutText } from './timed-out-text.js';

/**
 * Asks the workers of live attempts that have timed out to stop them. The attempts stay live, so that no other attempt
 * starts beside them, until the worker reports, the lease expires, or the grace period is over.
 */
export async function stopTimedOutAttempts(
  context: BatchContext,
  batch: Batch,
  attempts: readonly AttemptRow[],
): Promise<void> {
  if (attempts.length === 0) return;
  for (const { claimed_at_ms } of attempts) batch.notBefore(claimed_at_ms);
  const byMs = batch.nowMs + context.stopGraceMs;
  const deadlines = attempts.map(({ expires_at_ms, timeout_at_ms }) => deadlineOf(expires_at_ms, timeout_at_ms, byMs));
  await stopAttempts.run(batch.connection, {
    rows: attempts.map(({ job, number }, at) => ({
      job,
      number,
      reason: 'timed_out',
      by_ms: byMs,
      deadline_ms: deadlines[at] ?? byMs,
    })),
  });
  for (const deadline of deadlines) batch.wakeups.dueAt(deadline);
  for (const { job, number } of attempts) {
    batch.changes.event('job.stopping', {
      run: runOfJob(job),
      job,
      attempt: number,
      data: { reason: 'timed_out', until_ms: byMs },
    });
    batch.wakeups.signals.add(leaseTopic(job));
    batch.wakeups.signals.add(jobTopic(job));
  }
  await writeSystemLines(
    batch,
    attempts.map((attempt) => ({
      attempt,
      text: `${timedOutText(attempt)}: its worker has ${seconds(context.stopGraceMs)} to stop it`,
    })),
    'stop',
  );
}
