import { notFound } from '../domain/errors.js';
import { conditionKind } from '../domain/settle.js';
import { jobIdOf } from '../store/job-id.js';
import { cancelJobs, cancelLiveAttempts } from '../store/statements/jobs.js';
import { newestRunOfWorkflow, type RunRow, requestCancel, runById, setCancelFrom } from '../store/statements/runs.js';
import type { EngineContext, Knowledge } from './context.js';
import type { Caller } from './engine.js';
import { settleJobs } from './settle-jobs.js';
import { inRanges } from './start-run.js';
import { jobTopic, leaseTopic } from './topics.js';
import type { Operation } from './writer.js';

interface CancelRange {
  readonly run: RunRow;
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
  /** Whether clean-up jobs end too. */
  readonly forced: boolean;
  /** The id of the token that asked for it; null when there is none, or when it is gone on with after a crash. */
  readonly by: string | null;
}

/**
 * Cancels runs. What has not started ends, but for jobs whose `if` asks for `always()` or `cancelled()`; a second cancel
 * ends those too.
 */
export function cancelRunVerb(context: EngineContext) {
  const operation = cancelOperation(context);

  async function cancelFrom(run: RunRow, from: number, forced: boolean, by: string | null = null): Promise<void> {
    await inRanges(context, run.job_count, from, (first, to, last) =>
      context.writer.submit(operation, { run, from: first, to, last, forced, by }),
    );
  }

  return {
    /** Errors: `not_found` for an id that is neither a run's nor that of a workflow that has run. */
    async cancelRun(caller: Caller, id: string): Promise<{ runId: string }> {
      const run = await findRun(context, id);
      await cancelFrom(run, 0, run.cancel_requested_at_ms !== null, caller.credential);
      return { runId: run.id };
    },
    /** Goes on with a cancel that a crash cut short. */
    cancelFrom,
  };
}

/** A run by its id, or the newest run of the workflow with that id. */
export async function findRun(context: Pick<EngineContext, 'store'>, id: string): Promise<RunRow> {
  const [run] = await runById.run(context.store.read, { id });
  if (run !== undefined && run.state !== 'creating') return run;
  const [newest] = await newestRunOfWorkflow.run(context.store.read, { id });
  if (newest === undefined) throw notFound(`run ${JSON.stringify(id)}, or a workflow of that id that has run,`);
  return newest;
}

function cancelOperation(knowledge: Knowledge): Operation<CancelRange, void> {
  return {
    name: 'cancel',
    rank: 70,
    keyOf: ({ run }) => run.no,
    async apply(batch, ranges) {
      for (const { run, from, to, last, forced, by } of ranges) {
        if (from === 0) {
          batch.event('run.cancel_requested', { run: run.no, data: { forced, by } });
          batch.audits.push({
            action: 'run.cancel_requested',
            subject: run.id,
            source: 'api',
            actor: by,
            data: { workflow: run.workflow_id, ...(forced ? { forced } : {}) },
          });
        }
        const jobs = await cancelJobs.run(batch.connection, {
          fromId: jobIdOf(run.no, from),
          toId: jobIdOf(run.no, to),
          nowMs: batch.nowMs,
          spareUpTo: forced ? conditionKind.survivesCancel : conditionKind.plain,
        });
        const live =
          jobs.length === 0
            ? []
            : await cancelLiveAttempts.run(batch.connection, {
                rows: jobs.map(({ id, attempt }) => [id, attempt]),
                nowMs: batch.nowMs,
              });
        for (const { job } of live) batch.signals.add(leaseTopic(job));
        for (const { id, attempt } of jobs) {
          batch.event('job.cancelled', { run: run.no, job: id, attempt });
          batch.tally(run.no, 'cancelled');
          batch.signals.add(jobTopic(id));
        }
        // The run comes after its jobs, as for everyone else who changes both.
        if (from === 0) {
          await requestCancel.run(batch.connection, { no: run.no, nowMs: batch.nowMs, forced: forced ? 1 : 0 });
        }
        await setCancelFrom.run(batch.connection, { no: run.no, from: last ? null : to });
        if (run.survivor_count > 0) {
          const ended = jobs.map(({ id }) => ({ job: id, version: run.version, succeeded: false }));
          await settleJobs(knowledge, batch, ended);
        }
      }
      return ranges.map(() => undefined);
    },
  };
}
