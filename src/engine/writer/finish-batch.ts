import { runEvents } from '../../domain/events.js';
import { runState } from '../../domain/states.js';
import { insertEvents, takeEventNumbers } from '../../store/statements/events.js';
import { tallyMatrices } from '../../store/statements/matrices.js';
import { insertRunFigures } from '../../store/statements/run-figures.js';
import { setNewestRuns } from '../../store/statements/start-runs.js';
import { beginRuns, endRuns, lockRuns, tallyRuns } from '../../store/statements/tally-runs.js';
import { writeAudit } from './audit-draft.js';
import type { Batch } from './batch.js';
import { writerLimits } from './limits.js';

/**
 * Counts the jobs that ended in this batch, ends the runs whose last job that was, and stores the events. Rows that
 * servers contend for come last and in a fixed order: short lock waits, no deadlocks.
 *
 * @param changeGates passes the places of ended runs to waiting ones; it locks gates, which come after runs
 */
export async function finishBatch(batch: Batch, changeGates: (batch: Batch) => Promise<void>): Promise<void> {
  await countChildren(batch);
  await changeRuns(batch);
  await changeGates(batch);
  if (batch.changes.newestRuns.size > 0) {
    await setNewestRuns.run(batch.connection, {
      rows: [...batch.changes.newestRuns].sort(byNumber).map(([workflow, run]) => ({ workflow, run })),
    });
  }
  await writeAudit(batch.connection, batch.nowMs, batch.changes.audits);
  await writeEvents(batch);
}

/** Counts the children that ended in their nodes, whose rows come before those of runs. */
async function countChildren(batch: Batch): Promise<void> {
  const { endedChildren } = batch.changes;
  if (endedChildren.size === 0) return;
  const rows = [...endedChildren].sort(byNumber).map(([id, ended]) => ({ id, ...ended }));
  const nodes = await tallyMatrices.run(batch.connection, { rows });
  if (nodes.some(({ to_do }) => to_do === 1)) batch.wakeups.leftMatrices = true;
}

/** Starts the runs whose first job was claimed, and counts the jobs that ended. */
async function changeRuns(batch: Batch): Promise<void> {
  const { connection } = batch;
  const { claimedRuns, tallies } = batch.changes;
  if (claimedRuns.size > 0 && tallies.size > 0 && connection.dialect.hasManyWriters) {
    const all = [...new Set([...claimedRuns, ...tallies.keys()])].sort((a, b) => a - b);
    await lockRuns.run(connection, { rows: all.map((no) => ({ no })) });
  }
  const claimed = [...claimedRuns].sort((a, b) => a - b);
  const counts = [...tallies].sort(byNumber);
  const [begun, runs] = await Promise.all([
    claimed.length === 0 ? [] : beginRuns.run(connection, { rows: claimed.map((no) => ({ no })), nowMs: batch.nowMs }),
    counts.length === 0
      ? []
      : tallyRuns.run(connection, {
          rows: counts.map(([no, tally]) => ({ no, ...tally })),
        }),
  ]);
  for (const { deadline_ms } of begun) if (deadline_ms !== null) batch.wakeups.dueAt(deadline_ms);
  if (begun.length > 0) batch.changes.eventsBeforeClaims('run.running', new Set(begun.map(({ no }) => no)));
  const over = runs.filter((run) => run.open === 0);
  if (over.length === 0) return;
  const ends = over.map((run) => ({
    no: run.no,
    state: runState({ ...run, started: run.started_at_ms !== null, timedOut: run.timed_out === 1 }),
  }));
  await endRuns.run(batch.connection, { rows: ends.map((end) => ({ ...end, at_ms: batch.nowMs })) });
  await insertRunFigures.run(batch.connection, {
    rows: ends.map(({ no }) => ({ no })),
    jobs: writerLimits.countedJobs,
  });
  for (const { no, state } of ends) batch.changes.event(runEvents[state], { run: no });
  if (over.some(({ backfill }) => backfill !== null)) batch.wakeups.endedBackfillRun = true;
  for (const { gate, held } of over) if (gate !== null) batch.gates.ended(gate, held === 1);
}

function byNumber([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b;
}

async function writeEvents(batch: Batch): Promise<void> {
  const count = batch.changes.events.length;
  if (count === 0) return;
  const [counter] = await takeEventNumbers.run(batch.connection, { count });
  if (counter === undefined) throw new Error('the event counter is missing');
  const first = counter.value - count + 1;
  await insertEvents.run(batch.connection, {
    rows: batch.changes.events.map((event, at) => ({ number: first + at, ...event })),
  });
}
