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
  oldestEndedRun,
  oldestEndedRunWithLogs,
  versionIsUnused,
} from '../store/statements/prune.js';
import { deleteVersionEdges, deleteVersionJobs } from '../store/statements/workflows.js';
import type { Batch } from './batch.js';
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

/** How many rows of a kind one step takes away: so few that a claim beside it does not notice. */
const rowsPerStep = 500;
const logChunksPerStep = 100;

const nothing: Pruned = { runs: 0, logs: 0, more: false };

/** Takes away a few rows of the run that ended longest ago: its logs first, the run itself last. */
export function pruneOperation(): Operation<PruneBefore, Pruned> {
  return {
    name: 'prune',
    rank: 95,
    keyOf: () => 0,
    async apply(batch, inputs) {
      const answers: Pruned[] = [];
      for (const before of inputs) answers.push(await pruneStep(batch, before));
      return answers;
    },
  };
}

async function pruneStep(batch: Batch, before: PruneBefore): Promise<Pruned> {
  const [withLogs] = await oldestEndedRunWithLogs.run(batch.connection, { beforeMs: before.logsMs });
  if (withLogs !== undefined) return pruneLogs(batch, withLogs);
  const [run] = await oldestEndedRun.run(batch.connection, { beforeMs: before.runsMs });
  return run === undefined ? nothing : pruneRun(batch, run);
}

async function pruneLogs(batch: Batch, run: EndedRun): Promise<Pruned> {
  const chunks = await deleteLogChunks.run(batch.connection, { ...rangeOf(run), limit: logChunksPerStep });
  if (chunks.length === logChunksPerStep) return { runs: 0, logs: 0, more: true };
  await markLogsPruned.run(batch.connection, { no: run.no });
  return { runs: 0, logs: 1, more: true };
}

async function pruneRun(batch: Batch, run: EndedRun): Promise<Pruned> {
  const range = rangeOf(run);
  const chunks = await deleteLogChunks.run(batch.connection, { ...range, limit: logChunksPerStep });
  if (chunks.length === logChunksPerStep) return { runs: 0, logs: 0, more: true };
  const events = await deleteEventsOfRun.run(batch.connection, { run: run.no, limit: rowsPerStep });
  if (events.length > 0) await countPrunedEvents.run(batch.connection, { count: events.length });
  const attempts = await deleteAttemptsOfRange.run(batch.connection, { ...range, limit: rowsPerStep });
  const counts = [events.length, attempts.length];
  if (counts.some((count) => count === rowsPerStep)) return { runs: 0, logs: 0, more: true };
  // The jobs go with the run in one step when they fit, so that no reader finds a run without them.
  const jobs = await deleteSomeJobs.run(batch.connection, { ...range, limit: rowsPerStep });
  if (jobs.length === rowsPerStep) return { runs: 0, logs: 0, more: true };
  await deleteEndedRun.run(batch.connection, { no: run.no });
  await pruneVersion(batch, run);
  return { runs: 1, logs: 0, more: true };
}

async function pruneVersion(batch: Batch, { version, workflow }: EndedRun): Promise<void> {
  const [unused] = await versionIsUnused.run(batch.connection, { version, workflow });
  if (unused === undefined) return;
  await deleteVersionEdges.run(batch.connection, { no: version });
  await deleteVersionJobs.run(batch.connection, { no: version });
  await deleteVersion.run(batch.connection, { no: version });
}

function rangeOf({ no }: EndedRun): { fromId: number; toId: number } {
  return { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) };
}
