import { runOfJob } from '../../store/job-id.js';
import { type AttemptRow, deleteAttempts } from '../../store/statements/attempts.js';
import { leaveRunning } from '../../store/statements/jobs.js';
import { deleteLogsOfAttempts } from '../../store/statements/logs.js';
import type { Batch } from '../writer/batch.js';

/** Makes claimed jobs that did not run claimable again; deletes the attempt. */
export async function releaseAttempts(batch: Batch, attempts: readonly AttemptRow[]): Promise<void> {
  if (attempts.length === 0) return;
  for (const { claimed_at_ms } of attempts) batch.notBefore(claimed_at_ms);
  await deleteAttempts.run(batch.connection, { rows: attempts });
  // The next attempt has the same number, and the server must not mistake its chunks for stored ones. An attempt with
  // no bytes of log may still have chunks: a chunk may be empty.
  await deleteLogsOfAttempts.run(batch.connection, {
    rows: attempts.map(({ job, number }) => ({ job, attempt: number })),
  });
  const left = await leaveRunning.run(batch.connection, {
    rows: attempts.map(({ job, number }) => ({
      id: job,
      state: 'queued',
      attempt: number,
      ended_at_ms: null,
      enqueued_at_ms: batch.nowMs,
      delayed_until_ms: null,
      error: null,
      outputs: null,
      tolerated: 0,
    })),
  });
  for (const { label_set, due_at_ms } of left) {
    batch.wakeups.claimable.add(label_set);
    if (due_at_ms !== null) batch.wakeups.dueAt(due_at_ms);
  }
  for (const { job, number } of attempts) {
    batch.changes.event('job.queued', { run: runOfJob(job), job, attempt: number, data: { outcome: 'released' } });
  }
}
