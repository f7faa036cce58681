import type { Connection } from '../../store/connection.js';
import { jobIdOf } from '../../store/job-id.js';
import { deleteBackfillsOfWorkflow } from '../../store/statements/backfills.js';
import { deleteIdleGates } from '../../store/statements/gates.js';
import { deleteMatricesOfRun } from '../../store/statements/matrices.js';
import { deleteStalePauses } from '../../store/statements/pauses.js';
import {
  clearLogGaps,
  countPrunedEvents,
  deleteAttemptsOfRange,
  deleteEndedRun,
  deleteEventsOfRun,
  deleteLogChunks,
  deleteSomeJobs,
  deleteVersion,
  deleteWorkflow,
  type EndedRun,
  forgetNewestRun,
  markBeingDeleted,
  markLogsPruned,
  oldestEndedRuns,
  oldestEndedRunsWithLogs,
  removedWorkflows,
  versionIsUnused,
} from '../../store/statements/prune.js';
import { deleteRerunsOfRun } from '../../store/statements/reruns.js';
import { deleteRunFigures } from '../../store/statements/run-figures.js';
import { deleteSchedulesOfWorkflowNo } from '../../store/statements/schedules.js';
import { deleteVariablesOfWorkflow } from '../../store/statements/variables.js';
import { deleteVersionText } from '../../store/statements/version-texts.js';
import { deleteVersionEdges, deleteVersionJobs } from '../../store/statements/workflows.js';
import type { Operation } from '../writer/writer.js';
import { runLimits } from './limits.js';

/** Runs and logs that ended before these times are deleted, in Unix milliseconds. */
export interface PruneBefore {
  readonly runsMs: number;
  readonly logsMs: number;
}

/** Result of one pruning step. */
export interface Pruned {
  /** The runs whose last row was deleted, and those whose logs were. */
  readonly runs: number;
  readonly logs: number;
  /** Whether there may be more to delete. */
  readonly more: boolean;
}

/**
 * The budget of one step, in units of the time that deleting a row takes: so little that a concurrent claim does not
 * notice. Finding a run and its rows costs as much as ten rows; a log chunk may span many pages.
 */
const costPerStep = 200;
const costOfLooking = 10;
const costOfLogChunk = 5;
/** The runs of a step are found at once, because each search skips the newest runs of idle workflows, which stay. */
const runsPerStep = costPerStep / costOfLooking;

/**
 * Deletes a few rows of the runs that ended longest ago: a run's logs first, the run itself last; then the logs of runs
 * that stay.
 */
export function pruneOperation(): Operation<PruneBefore, Pruned> {
  return {
    name: 'prune',
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answers: Pruned[] = [];
      for (const before of inputs) answers.push(await pruneStep(batch.connection, before));
      return answers;
    },
  };
}

/** One step, called in a transaction. */
export async function pruneStep(connection: Connection, before: PruneBefore): Promise<Pruned> {
  const old = await oldestEndedRuns.run(connection, { beforeMs: before.runsMs, limit: runsPerStep });
  if (old.length > 0) return pruneEach(connection, old, pruneRun);
  const withLogs = await oldestEndedRunsWithLogs.run(connection, { beforeMs: before.logsMs, limit: runsPerStep });
  if (withLogs.length > 0) return pruneEach(connection, withLogs, pruneLogs);
  return pruneWorkflows(connection, before.runsMs);
}

/** Deletes removed workflows once their last run is gone, then gates that no run uses. */
async function pruneWorkflows(connection: Connection, beforeMs: number): Promise<Pruned> {
  const removed = await removedWorkflows.run(connection, { beforeMs, limit: runLimits.prunedWorkflows });
  for (const { no, current_version: version } of removed) {
    if (version !== null) await deleteVersionRows(connection, version);
    await deleteSchedulesOfWorkflowNo.run(connection, { no });
    await deleteBackfillsOfWorkflow.run(connection, { no });
    await deleteVariablesOfWorkflow.run(connection, { no });
    await deleteWorkflow.run(connection, { no });
  }
  await deleteStalePauses.run(connection, {});
  if (removed.length > 0) return { runs: 0, logs: 0, more: true };
  const gates = await deleteIdleGates.run(connection, { beforeMs, limit: runLimits.prunedGates });
  return { runs: 0, logs: 0, more: gates.length === runLimits.prunedGates };
}

/** What one step deleted of a run. */
interface Piece {
  readonly runs: number;
  readonly logs: number;
  /** Whether any of its rows are left. */
  readonly more: boolean;
  readonly cost: number;
}

async function pruneEach(
  connection: Connection,
  found: readonly EndedRun[],
  prune: (connection: Connection, run: EndedRun) => Promise<Piece>,
): Promise<Pruned> {
  let [runs, logs, cost] = [0, 0, 0];
  for (const run of found) {
    let piece: Piece;
    do {
      piece = await prune(connection, run);
      runs += piece.runs;
      logs += piece.logs;
      cost += piece.cost + costOfLooking;
    } while (piece.more && cost < costPerStep);
    if (cost >= costPerStep) break;
  }
  return { runs, logs, more: found.length > 0 };
}

async function pruneLogs(connection: Connection, run: EndedRun): Promise<Piece> {
  const chunks = await deleteLogChunks.run(connection, { ...rangeOf(run), limit: runLimits.prunedLogChunks });
  const cost = chunks.length * costOfLogChunk;
  if (chunks.length === runLimits.prunedLogChunks) return { runs: 0, logs: 0, more: true, cost };
  await clearLogGaps.run(connection, rangeOf(run));
  const marked = await markLogsPruned.run(connection, { no: run.no });
  return { runs: 0, logs: marked.length, more: false, cost };
}

async function pruneRun(connection: Connection, run: EndedRun): Promise<Piece> {
  const range = rangeOf(run);
  const [ended] = await markBeingDeleted.run(connection, { no: run.no });
  if (ended === undefined) return { runs: 0, logs: 0, more: false, cost: 0 };
  const chunks = await deleteLogChunks.run(connection, { ...range, limit: runLimits.prunedLogChunks });
  let cost = chunks.length * costOfLogChunk;
  if (chunks.length === runLimits.prunedLogChunks) return { runs: 0, logs: 0, more: true, cost };
  const events = await deleteEventsOfRun.run(connection, { run: run.no, limit: runLimits.prunedRows });
  if (events.length > 0) await countPrunedEvents.run(connection, { count: events.length });
  const attempts = await deleteAttemptsOfRange.run(connection, { ...range, limit: runLimits.prunedRows });
  cost += events.length + attempts.length;
  if (events.length === runLimits.prunedRows || attempts.length === runLimits.prunedRows)
    return { runs: 0, logs: 0, more: true, cost };
  // If the jobs fit into one step, they go with the run, so that no reader finds a run without them.
  const jobs = await deleteSomeJobs.run(connection, { ...range, limit: runLimits.prunedRows });
  cost += jobs.length;
  if (jobs.length === runLimits.prunedRows) return { runs: 0, logs: 0, more: true, cost };
  await deleteMatricesOfRun.run(connection, range);
  await deleteRerunsOfRun.run(connection, { run: run.no });
  await deleteRunFigures.run(connection, { run: run.no });
  const gone = await deleteEndedRun.run(connection, { no: run.no });
  if (run.is_newest === 1) await forgetNewestRun.run(connection, { workflow: run.workflow, run: run.no });
  await pruneVersion(connection, run);
  return { runs: gone.length, logs: 0, more: false, cost };
}

async function pruneVersion(connection: Connection, { version, workflow }: EndedRun): Promise<void> {
  const [unused] = await versionIsUnused.run(connection, { version, workflow });
  if (unused !== undefined) await deleteVersionRows(connection, version);
}

async function deleteVersionRows(connection: Connection, no: number): Promise<void> {
  await deleteVersionEdges.run(connection, { no });
  await deleteVersionJobs.run(connection, { no });
  await deleteVersionText.run(connection, { no });
  await deleteVersion.run(connection, { no });
}

function rangeOf({ no }: EndedRun): { fromId: number; toId: number } {
  return { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) };
}

/**
 * How long pruning rests after a step, in milliseconds: twice as long as the step took, including its wait for the
 * writer. So it uses at most a third of the disk's time, and less when others keep the disk busy.
 */
export function restAfter(tookMs: number): number {
  return Math.min(Math.max(2 * tookMs, restMsMin), restMsMax);
}

const restMsMin = 5;
const restMsMax = 1_000;
