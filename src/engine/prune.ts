import type { Connection } from '../store/connection.js';
import { jobIdOf } from '../store/job-id.js';
import {
  countPrunedEvents,
  deleteAttemptsOfRange,
  deleteEndedRun,
  deleteEventsOfRun,
  deleteLogChunks,
  deleteSomeJobs,
  deleteVersion,
  type EndedRun,
  markLogsPruned,
  oldestEndedRuns,
  oldestEndedRunsWithLogs,
  versionIsUnused,
} from '../store/statements/prune.js';
import { deleteVersionEdges, deleteVersionJobs } from '../store/statements/workflows.js';
import type { Operation } from './writer.js';

/** Up to when what has ended is taken away, in Unix milliseconds. */
export interface PruneBefore {
  readonly runsMs: number;
  readonly logsMs: number;
}

/** What one step of pruning did. */
export interface Pruned {
  /** The runs whose last row went, and those whose logs did. */
  readonly runs: number;
  readonly logs: number;
  /** Whether there may be more to take away. */
  readonly more: boolean;
}

/** How many rows of a kind are taken away at once. */
const rowsAtOnce = 500;
const logChunksAtOnce = 100;

/**
 * How much one step does, in the time that taking away a row costs: so little that a claim beside it does not notice.
 * Looking for a run and for its rows costs as much as ten rows; a chunk of a log may lie on many pages.
 */
const costPerStep = 200;
const costOfLooking = 10;
const costOfLogChunk = 5;
/** They are looked up at once, since the newest runs of idle workflows, which stay, are passed over each time. */
const runsPerStep = costPerStep / costOfLooking;

/**
 * Takes away a few rows of the runs that ended longest ago: a run's logs first, the run itself last; then
 * the logs of those that stay.
 */
export function pruneOperation(): Operation<PruneBefore, Pruned> {
  return {
    name: 'prune',
    rank: 95,
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answers: Pruned[] = [];
      for (const before of inputs) answers.push(await pruneStep(batch.connection, before));
      return answers;
    },
  };
}

/** One step, to be called in a transaction. */
export async function pruneStep(connection: Connection, before: PruneBefore): Promise<Pruned> {
  const old = await oldestEndedRuns.run(connection, { beforeMs: before.runsMs, limit: runsPerStep });
  if (old.length > 0) return pruneEach(connection, old, pruneRun);
  const withLogs = await oldestEndedRunsWithLogs.run(connection, { beforeMs: before.logsMs, limit: runsPerStep });
  return pruneEach(connection, withLogs, pruneLogs);
}

/** What was taken away of one run. */
interface Piece {
  readonly runs: number;
  readonly logs: number;
  /** Whether something of it is left to be taken away. */
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
  const chunks = await deleteLogChunks.run(connection, { ...rangeOf(run), limit: logChunksAtOnce });
  const cost = chunks.length * costOfLogChunk;
  if (chunks.length === logChunksAtOnce) return { runs: 0, logs: 0, more: true, cost };
  const marked = await markLogsPruned.run(connection, { no: run.no });
  return { runs: 0, logs: marked.length, more: false, cost };
}

async function pruneRun(connection: Connection, run: EndedRun): Promise<Piece> {
  const range = rangeOf(run);
  const chunks = await deleteLogChunks.run(connection, { ...range, limit: logChunksAtOnce });
  let cost = chunks.length * costOfLogChunk;
  if (chunks.length === logChunksAtOnce) return { runs: 0, logs: 0, more: true, cost };
  const events = await deleteEventsOfRun.run(connection, { run: run.no, limit: rowsAtOnce });
  if (events.length > 0) await countPrunedEvents.run(connection, { count: events.length });
  const attempts = await deleteAttemptsOfRange.run(connection, { ...range, limit: rowsAtOnce });
  cost += events.length + attempts.length;
  if (events.length === rowsAtOnce || attempts.length === rowsAtOnce) return { runs: 0, logs: 0, more: true, cost };
  // The jobs go with the run in one step when they fit, so that no reader finds a run without them.
  const jobs = await deleteSomeJobs.run(connection, { ...range, limit: rowsAtOnce });
  cost += jobs.length;
  if (jobs.length === rowsAtOnce) return { runs: 0, logs: 0, more: true, cost };
  const gone = await deleteEndedRun.run(connection, { no: run.no });
  await pruneVersion(connection, run);
  return { runs: gone.length, logs: 0, more: false, cost };
}

async function pruneVersion(connection: Connection, { version, workflow }: EndedRun): Promise<void> {
  const [unused] = await versionIsUnused.run(connection, { version, workflow });
  if (unused === undefined) return;
  await deleteVersionEdges.run(connection, { no: version });
  await deleteVersionJobs.run(connection, { no: version });
  await deleteVersion.run(connection, { no: version });
}

function rangeOf({ no }: EndedRun): { fromId: number; toId: number } {
  return { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) };
}

/**
 * How long pruning rests after a step, in milliseconds: twice as long as the step took, its wait for the writer included,
 * so that it never has more than a third of the disk's time, and less where others keep the disk busy.
 */
export function restAfter(tookMs: number): number {
  return Math.min(Math.max(2 * tookMs, restMsMin), restMsMax);
}

const restMsMin = 5;
const restMsMax = 1_000;
