import { runOfJob } from '../store/job-id.js';
import { type AttemptRow, deleteAttempts } from '../store/statements/attempts.js';
import { leaveRunning } from '../store/statements/jobs.js';
import { deleteLogsOfAttempts } from '../store/statements/logs.js';
import type { Batch } from './batch.js';

/** Makes jobs claimable again that were handed out and not run; the attempt is forgotten. */
export async function giveBack(batch: Batch, attempts: readonly AttemptRow[]): Promise<void> {
  if (attempts.length === 0) return;
  for (const { claimed_at_ms } of attempts) batch.notBefore(claimed_at_ms);
  await deleteAttempts.run(batch.connection, { rows: attempts.map(({ job, number }) => [job, number]) });
  // The next attempt has the same number, and its chunks must not be taken for those that are stored. That an attempt has
  // no bytes of log does not say that it has no chunks: one may be empty.
  await deleteLogsOfAttempts.run(batch.connection, { rows: attempts.map(({ job, number }) => [job, number]) });
  const left = await leaveRunning.run(batch.connection, {
    rows: attempts.map(({ job, number }) => [job, 'queued', number, null, batch.nowMs, null, null, null]),
  });
  for (const { label_set } of left) batch.claimable.add(label_set);
  for (const { job, number } of attempts) {
    batch.event('job.queued', { run: runOfJob(job), job, attempt: number, data: { outcome: 'released' } });
  }
}
