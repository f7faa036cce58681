import { countNeeds, type NeedCounts, undoneBy } from '../../domain/rerun.js';
import { hasEnded } from '../../domain/states.js';
import { jobIdOf } from '../../store/job-id.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { deleteMatrices, reopenMatrices, reopenNodes } from '../../store/statements/matrices.js';
import { resetJobs } from '../../store/statements/reruns.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { nodesOfChildren } from './children-to-rerun.js';
import { type LoadedJobs, rowAt } from './load-rerun.js';
import { asksAgain, reopen } from './reopen-run.js';

interface ResetRange {
  readonly ordinals: readonly number[];
  /** All jobs of the re-run, including those of other ranges. */
  readonly set: ReadonlySet<number>;
  readonly loaded: LoadedJobs;
  readonly reopened: ReadonlySet<number>;
}

/** Resets one range. Its jobs are not decided yet: that begins, also in ranges, when all are reset. */
export async function resetRange(
  batch: Batch,
  run: RunRow,
  generation: number,
  { ordinals, set, loaded, reopened }: ResetRange,
  next: number | null,
): Promise<void> {
  const counts = ordinals.map((ordinal) => countNeeds(loaded, ordinal, (need) => set.has(need)));
  await writeResets(batch, run, generation, counts, loaded, reopened);
  const undone = undoneBy(loaded, ordinals);
  const isHeld = asksAgain(run) || run.held === 1;
  await reopen(batch, {
    no: run.no,
    generation,
    ...undone,
    rerunFrom: next,
    // The mark by which a crash during the reset is found. A held run has none once all of its jobs are reset.
    activateFrom: isHeld && next === null ? null : 0,
    nowMs: batch.nowMs,
  });
  // The gate skips a run until all of its jobs are reset.
  if (next === null && isHeld && run.gate !== null) batch.gates.looked.add(run.gate);
}

/** Resets jobs and publishes it. Nodes of `reopened` only open again. */
export async function writeResets(
  batch: Batch,
  run: RunRow,
  generation: number,
  counts: readonly NeedCounts[],
  loaded: LoadedJobs,
  reopened: ReadonlySet<number>,
): Promise<void> {
  await reopenNodesOf(batch, run, generation, { counts, loaded, reopened });
  const resets = counts.filter(({ ordinal }) => !reopened.has(ordinal));
  const reset = await resetJobs.run(batch.connection, {
    rows: resets.map(({ ordinal, pending, bad }) => {
      const { id, next_attempt } = rowAt(loaded, ordinal);
      return { id, pending, bad, attempt: next_attempt, generation };
    }),
  });
  if (reset.length !== resets.length) throw new Error(`a job of run ${run.id} that runs was to be reset`);
  for (const { ordinal } of resets) {
    const { id, state, places } = rowAt(loaded, ordinal);
    if (!hasEnded(state)) batch.gates.left(places);
    batch.wakeups.signals.add(jobTopic(id));
    if (state !== 'waiting') batch.changes.event('job.waiting', { run: run.no, job: id });
  }
}

/** Opens nodes again for children of theirs that are reset; other nodes that are reset lose their children. */
async function reopenNodesOf(
  batch: Batch,
  run: RunRow,
  generation: number,
  { counts, loaded, reopened }: { counts: readonly NeedCounts[]; loaded: LoadedJobs; reopened: ReadonlySet<number> },
): Promise<void> {
  const ordinals = counts.map(({ ordinal }) => ordinal);
  const whole = ordinals.map((ordinal) => ({ ordinal, ...rowAt(loaded, ordinal) }));
  const emptied = whole.filter(({ ordinal, opened }) => opened === 1 && !reopened.has(ordinal));
  if (emptied.length > 0) await deleteMatrices.run(batch.connection, { rows: emptied.map(({ id }) => ({ id })) });
  if (reopened.size === 0) return;
  const nodes = whole.filter(({ ordinal }) => reopened.has(ordinal));
  if (nodes.length > 0) {
    await reopenNodes.run(batch.connection, { rows: nodes.map(({ id }) => ({ id })), generation });
    for (const { id } of nodes) {
      batch.changes.event('job.waiting', { run: run.no, job: id });
      batch.changes.event('job.open', { run: run.no, job: id });
      batch.wakeups.signals.add(jobTopic(id));
    }
  }
  const nodeOf = await nodesOfChildren(batch.connection, run.version, ordinals);
  const children = Map.groupBy(
    whole.filter(({ ordinal }) => nodeOf.has(ordinal)),
    ({ ordinal }) => nodeOf.get(ordinal) ?? 0,
  );
  if (children.size === 0) return;
  await reopenMatrices.run(batch.connection, {
    rows: [...children]
      .sort(([a], [b]) => a - b)
      .map(([node, reset]) => ({
        job: jobIdOf(run.no, node),
        reset: reset.length,
        failed: reset.filter(({ state }) => state === 'failure').length,
        cancelled: reset.filter(({ state }) => state === 'cancelled').length,
      })),
  });
  batch.wakeups.leftMatrices = true;
}
