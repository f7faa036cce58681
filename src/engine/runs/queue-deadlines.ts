import { setQueueDeadlines } from '../../store/statements/queue-timeouts.js';
import type { Batch } from '../writer/batch.js';

/** A job that became claimable, or came to a gate. */
interface QueuedJob {
  readonly job: number;
  /** Null for no limit. */
  readonly queueTimeoutSecs: number | null;
}

/** Stores until when jobs with a queue timeout may wait. Costs nothing for others. */
export async function setQueueDeadlinesOf(batch: Batch, jobs: readonly QueuedJob[]): Promise<void> {
  const rows = jobs.flatMap(({ job, queueTimeoutSecs }) => {
    if (queueTimeoutSecs === null) return [];
    const timeoutMs = Math.round(queueTimeoutSecs * 1000);
    return [{ id: job, queue_timeout_ms: timeoutMs, due_at_ms: batch.nowMs + timeoutMs }];
  });
  if (rows.length === 0) return;
  await setQueueDeadlines.run(batch.connection, { rows });
  for (const { due_at_ms } of rows) batch.wakeups.dueAt(due_at_ms);
}
