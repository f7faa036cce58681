import type { RunGroup } from '../../domain/gates/run-group.js';
import { jobIdOf } from '../../store/job-id.js';
import { finishFilling, lockRunsBeingMade, setActivateFrom, waitingRoots } from '../../store/statements/large-runs.js';
import { insertJobsOfRuns } from '../../store/statements/start-runs.js';
import type { CurrentVersionRow } from '../../store/statements/workflows.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { type Asked, noteAnswer } from './group-place.js';
import { runLimits } from './limits.js';
import { decideMetJobs, settleJobs } from './settle-jobs.js';

export function isLarge(version: CurrentVersionRow): boolean {
  return version.job_count > runLimits.jobsPerTransaction;
}

/** A range of a large run's jobs. */
interface RunRange {
  readonly run: number;
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
}

/** A range of a large run in creation; with the last range the run requests a place in its group, if it has one. */
interface FillRange extends RunRange {
  readonly id: string;
  readonly group: RunGroup | null;
}

/** Decides the jobs of a range that have no needs: they become claimable, or their `if` says otherwise. */
export async function decideRoots(
  context: BatchContext,
  batch: Batch,
  run: number,
  from: number,
  to: number,
): Promise<void> {
  const roots = await waitingRoots.run(batch.connection, { fromId: jobIdOf(run, from), toId: jobIdOf(run, to) });
  if (roots.length > 0) await settleJobs(context, batch, await decideMetJobs(context, batch, roots));
}

/**
 * Creates a range of a large run's jobs, all waiting. The last range completes the run: from then on it survives a
 * crash.
 */
export function fillOperation(): Operation<FillRange, Asked> {
  return {
    name: 'fill-run',
    keyOf: ({ run }) => run,
    async apply(batch, ranges) {
      const making = await lockRunsBeingMade.run(batch.connection, { rows: ranges.map(({ run }) => ({ no: run })) });
      if (making.length < ranges.length) throw new Error('an incomplete run was deleted: creating it took too long');
      await insertJobsOfRuns.run(batch.connection, {
        rows: ranges.map(({ run, version, from, to }) => ({
          run,
          version,
          from_ord: from,
          to_ord: to,
          live: 0,
          at_ms: batch.nowMs,
        })),
      });
      const answers: Asked[] = [];
      for (const { run, id, group, last } of ranges) {
        const asked: Asked = { refusal: null, isHeld: false };
        answers.push(asked);
        if (!last) continue;
        if (group === null) {
          await finishRun(batch, run, asked);
          continue;
        }
        batch.gates.askers.push({
          runId: id,
          group,
          async decided(answer, holder) {
            noteAnswer(asked, group, answer, holder);
            // A refused run is deleted, like one whose creation failed.
            if (asked.refusal !== null) return null;
            await finishRun(batch, run, asked);
            return run;
          },
        });
      }
      return answers;
    },
  };
}

async function finishRun(batch: Batch, run: number, { isHeld }: Asked): Promise<void> {
  const [whole] = await finishFilling.run(batch.connection, { no: run });
  if (whole === undefined) throw new Error(`run ${run} is not being made`);
  batch.changes.newestRun(whole.workflow, run);
  batch.changes.event('run.queued', { run, ...(isHeld ? { data: { held: true } } : {}) });
}

/** Decides the root jobs of a range of a large run. */
export function activateOperation(context: BatchContext): Operation<RunRange, void> {
  return {
    name: 'activate-run',
    keyOf: ({ run }) => run,
    async apply(batch, ranges) {
      for (const { run, from, to, last } of ranges) {
        await decideRoots(context, batch, run, from, to);
        await setActivateFrom.run(batch.connection, { no: run, from: last ? null : to });
      }
      return ranges.map(() => undefined);
    },
  };
}

/** Calls `act` for each range of ordinals in turn; other work runs in between. */
export async function inRanges(
  context: EngineContext,
  count: number,
  first: number,
  act: (from: number, to: number, last: boolean) => Promise<unknown>,
): Promise<void> {
  for (let from = first; from < count || from === 0; from += runLimits.jobsPerTransaction) {
    const to = Math.min(from + runLimits.jobsPerTransaction, count);
    await act(from, to, to === count);
    if (to === count) return;
    await yieldToEventLoop(context);
  }
}
