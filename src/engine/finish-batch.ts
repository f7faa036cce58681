import { runState } from '../domain/states.js';
import { insertEvents, takeEventNumbers } from '../store/statements/events.js';
import { beginRuns, endRuns, lockRuns, setNewestRuns, tallyRuns } from '../store/statements/runs.js';
import { writeAudit } from './audit.js';
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
  await changeRuns(batch);
  await writeAudit(batch.connection, batch.nowMs, batch.audits);
  await writeEvents(batch);
}

/** Begins the runs whose first job was claimed, and counts the jobs that ended. */
async function changeRuns(batch: Batch): Promise<void> {
  const { claimedRuns, tallies, connection } = batch;
  if (claimedRuns.size > 0 && tallies.size > 0 && connection.dialect.hasManyWriters) {
    const all = [...new Set([...claimedRuns, ...tallies.keys()])].sort((a, b) => a - b);
    await lockRuns.run(connection, { rows: all.map((no) => [no]) });
  }
  const claimed = [...claimedRuns].sort((a, b) => a - b);
  const counts = [...tallies].sort(byNumber);
  const [begun, runs] = await Promise.all([
    claimed.length === 0 ? [] : beginRuns.run(connection, { rows: claimed.map((no) => [no]), nowMs: batch.nowMs }),
    counts.length === 0
      ? []
      : tallyRuns.run(connection, {
          rows: counts.map(([no, { ended, failed, cancelled }]) => [no, ended, failed, cancelled]),
        }),
  ]);
  if (begun.length > 0) batch.eventsBeforeClaims('run.running', new Set(begun.map(({ no }) => no)));
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
      event.at_ms,
      event.type,
      event.run,
      event.job,
      event.attempt,
      event.data,
    ]),
  });
}
