import { jobEvents } from '../../domain/events.js';
import { queueTimeoutText } from '../../domain/queue-timeout.js';
import { ordinalOfJob, runOfJob } from '../../store/job-id.js';
import { failInQueue, overdueInQueue } from '../../store/statements/queue-timeouts.js';
import type { BatchContext } from '../context.js';
import { factsOf } from '../memory/run-info.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { settleJobs } from './settle-jobs.js';

/** Jobs that one transaction fails. */
const jobsAtOnce = 500;

/** Fails jobs that have been claimable or held for longer than their queue timeout. They have no attempt, and no retry. */
export function timeOutQueuedOperation(context: BatchContext): Operation<null, { count: number; nowMs: number }> {
  return {
    name: 'time-out-queued',
    keyOf: () => 0,
    async apply(batch) {
      return [{ count: await timeOut(context, batch), nowMs: batch.nowMs }];
    },
  };
}

async function timeOut(context: BatchContext, batch: Batch): Promise<number> {
  const { connection, nowMs } = batch;
  const overdue = await overdueInQueue.run(connection, { nowMs, limit: jobsAtOnce });
  if (overdue.length === 0) return 0;
  const runs = await context.runs.get(
    batch,
    overdue.map(({ id }) => runOfJob(id)),
  );
  const versionOf = (job: number) => factsOf(runs, runOfJob(job)).version;
  const specs = await context.specs.get(
    connection,
    overdue.map(({ id }) => ({ version: versionOf(id), ord: ordinalOfJob(id) })),
  );
  const failures = overdue.map(({ id, state, queue_timeout_ms }, at) => ({
    id,
    error: queueTimeoutText(state === 'held', queue_timeout_ms ?? 0),
    tolerated: specs[at]?.spec.continueOnError === true ? 1 : 0,
  }));
  const failed = await failInQueue.run(connection, { rows: failures, nowMs });
  for (const { places } of failed) batch.gates.left(places);
  for (const { id, error, tolerated } of failures) {
    const data = { reason: 'queue_timeout', error, ...(tolerated === 1 ? { tolerated: true } : {}) };
    batch.changes.event(jobEvents.failure, { run: runOfJob(id), job: id, data });
    batch.changes.tally(id, tolerated === 1 ? 'tolerated' : 'failure');
    batch.wakeups.signals.add(jobTopic(id));
  }
  await settleJobs(
    context,
    batch,
    failures.map(({ id, tolerated }) => ({ job: id, version: versionOf(id), succeeded: tolerated === 1 })),
  );
  return failed.length;
}
