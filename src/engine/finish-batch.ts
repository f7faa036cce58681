import { runState } from '../domain/states.js';
import { insertEvents, takeEventNumbers } from '../store/statements/events.js';
import { endRuns, setNewestRuns, tallyRuns } from '../store/statements/runs.js';
import type { Batch } from './batch.js';

/**
 * Counts the jobs that ended in this batch, ends the runs whose last job that was, and writes the events down. What many
 * batches of several servers want to change comes last, and in one order, so that they wait for one another shortly and
 * never in a ring.
 */
export async function finishBatch(batch: Batch): Promise<void> {
  if (batch.newestRuns.size > 0) {
    await setNewestRuns.run(batch.connection, { rows: [...batch.newestRuns].sort(byNumber) });
  }
  await countEndedJobs(batch);
  await writeEvents(batch);
}

async function countEndedJobs(batch: Batch): Promise<void> {
  if (batch.tallies.size === 0) return;
  const runs = await tallyRuns.run(batch.connection, {
    rows: [...batch.tallies]
      .sort(byNumber)
      .map(([run, change]) => [run, change.ended, change.failed, change.cancelled]),
  });
  const over = runs.filter((run) => run.open === 0);
  if (over.length === 0) return;
  const ends = over.map((run) => ({ no: run.no, state: runState({ ...run, started: run.started_at_ms !== null }) }));
  await endRuns.run(batch.connection, { rows: ends.map(({ no, state }) => [no, state, batch.nowMs]) });
  for (const { no, state } of ends) batch.event(`run.${state}`, { run: no });
}

function byNumber([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b;
}

async function writeEvents(batch: Batch): Promise<void> {
  const count = batch.events.length;
  if (count === 0) return;
  const [counter] = await takeEventNumbers.run(batch.connection, { count });
  if (counter === undefined) throw new Error('the event counter is missing');
  const first = counter.value - count + 1;
  await insertEvents.run(batch.connection, {
    rows: batch.events.map((event, at) => [
      first + at,
      batch.nowMs,
      event.type,
      event.run,
      event.job,
      event.attempt,
      event.data,
    ]),
  });
}
