import { DomainError } from '../../domain/errors.js';
import { conditionKind } from '../../domain/settle.js';
import { jobIdOf } from '../../store/job-id.js';
import { requestCancel, setCancelFrom } from '../../store/statements/cancel-runs.js';
import { type RunRow, runByCancelRequest, runsByNumber } from '../../store/statements/find-runs.js';
import { cancelJobs, cancelLiveAttempts } from '../../store/statements/jobs.js';
import { cancelMatrices } from '../../store/statements/matrices.js';
import { settledState } from '../../store/tables/jobs.js';
import type { Caller } from '../caller.js';
import type { BatchContext, EngineContext } from '../context.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { endCancelledAttempts } from './end-cancelled-attempts.js';
import { findRunOrDefinition, runWithId } from './find-run.js';
import { inRanges } from './large-run.js';
import { requestHash } from './request-hash.js';
import type { rerunRunVerb } from './rerun-run.js';
import { settleJobs } from './settle-jobs.js';

export interface CancelRun {
  readonly caller: Caller;
  /** A run, or a workflow, which means its newest run. */
  readonly id: string;
  /** Whether clean-up jobs end too. */
  readonly force: boolean;
  /** Makes a repeated cancel by a workflow's id hit the same run. */
  readonly requestId: string | null;
  /** The id of the newer run of its group that replaces it; absent for a requested cancel. */
  readonly supersededBy?: string;
}

interface CancelRange {
  readonly run: RunRow;
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
  /** Whether clean-up jobs end too. */
  readonly forced: boolean;
  /** Set for the first range of a requested cancel; null for later ranges. */
  readonly request: CancelRequest | null;
}

interface CancelRequest {
  /** The id of the requesting token; null when there is none. */
  readonly by: string | null;
  /** The hash of the request id; null when there is none. */
  readonly hash: string | null;
  readonly supersededBy: string | null;
}

/**
 * Cancels runs. Jobs that have not started end, except those whose `if` has `always()` or `cancelled()`; a forced
 * cancel ends these too. Running jobs are cancelled and their workers asked to stop; their dependents are decided when
 * they have stopped. A repeated cancel, and the cancel of an ended run, change nothing and record nothing.
 */
export function cancelRunVerb(
  context: EngineContext,
  rerunning: Pick<ReturnType<typeof rerunRunVerb>, 'continueRerun'>,
  matrices: { idle(): Promise<void> },
) {
  const operation = cancelOperation(context);

  async function cancelFrom(
    run: RunRow,
    from: number,
    forced: boolean,
    request: CancelRequest | null = null,
  ): Promise<void> {
    await inRanges(context, run.job_count, from, (first, to, last) =>
      context.writer.submit(operation, { run, from: first, to, last, forced, request: first === 0 ? request : null }),
    );
  }

  /**
   * The run that an id means. A workflow's id means its newest run, unless the request was sent before: then it means
   * the run that was cancelled then.
   */
  async function findTarget(id: string, earlier: RunRow | null): Promise<RunRow | null> {
    return (await runWithId(context, id)) ?? earlier ?? (await findRunOrDefinition(context, id)).run;
  }

  async function cancelledBy(hash: string | null): Promise<RunRow | null> {
    if (hash === null) return null;
    return (await runByCancelRequest.run(context.store.read, { hash }))[0] ?? null;
  }

  return {
    /** The id of the run; empty for a workflow that has not run. Errors: `not_found`. */
    async cancelRun({ caller, id, force: asked, requestId, supersededBy }: CancelRun): Promise<{ runId: string }> {
      const by = caller.credential;
      const hash = requestId === null ? null : requestHash('cancel', { caller: by, workflow: id, requestId });
      const earlier = await cancelledBy(hash);
      const run = await findTarget(id, earlier);
      if (run === null) return { runId: '' };
      // The request was carried out before, and a re-run has revoked its cancel: the repeat does not cancel the re-run.
      if (run.no === earlier?.no && run.cancel_requested_at_ms === null) return { runId: run.id };
      // A run that waits for its group ends at once: there is nothing to clean up.
      const force = asked || run.held === 1;
      if (run.rerun_from !== null) await rerunning.continueRerun(run, run.generation, run.rerun_from);
      if (!changesRun(run, force)) {
        // Like the first call, the repeat is answered when the cancel is complete: a crash may have cut it short.
        if (run.cancel_from !== null) await cancelFrom(run, run.cancel_from, run.cancel_forced === 1);
      } else {
        await cancelFrom(run, 0, force, { by, hash, supersededBy: supersededBy ?? null });
      }
      await matrices.idle();
      return { runId: run.id };
    },
    /** Resumes a cancel that a crash cut short. */
    cancelFrom,
  };
}

/** Whether the cancel changes anything; the statement that stores it has the same guard. */
function changesRun(run: RunRow, force: boolean): boolean {
  if (run.state !== 'queued' && run.state !== 'running') return false;
  return run.cancel_requested_at_ms === null || (force && run.cancel_forced === 0);
}

function cancelOperation(context: BatchContext): Operation<CancelRange, void> {
  return {
    name: 'cancel',
    keyOf: ({ run }) => run.no,
    async apply(batch, ranges) {
      const answers: (DomainError | undefined)[] = [];
      for (const { run, from, to, last, forced, request } of ranges) {
        if (request !== null && (await isBeingReset(batch, run))) {
          answers.push(new DomainError('unavailable', `Run ${run.id} is being re-run. Try again in a moment.`));
          continue;
        }
        answers.push(undefined);
        const jobs = await cancelJobs.run(batch.connection, {
          fromId: jobIdOf(run.no, from),
          toId: jobIdOf(run.no, to),
          nowMs: batch.nowMs,
          spareUpTo: forced ? conditionKind.survivesCancel : conditionKind.plain,
          hold: run.survivor_count > 0 ? 1 : 0,
        });
        const live =
          jobs.length === 0
            ? []
            : await cancelLiveAttempts.run(batch.connection, {
                rows: jobs.map(({ id, attempt }) => ({ job: id, number: attempt })),
                byMs: batch.nowMs + context.stopGraceMs,
              });
        const nodes = await cancelMatrices.run(batch.connection, {
          fromId: jobIdOf(run.no, from),
          toId: jobIdOf(run.no, to),
          spareUpTo: forced ? conditionKind.survivesCancel : conditionKind.plain,
        });
        if (nodes.length > 0) batch.wakeups.leftMatrices = true;
        // The run is locked after its jobs, as everywhere both change.
        if (request !== null) await storeRequest(batch, run, forced, request);
        await setCancelFrom.run(batch.connection, { no: run.no, from: last ? null : to });
        for (const { job, deadline_ms } of live) {
          batch.wakeups.signals.add(leaseTopic(job));
          batch.wakeups.dueAt(deadline_ms);
        }
        for (const { id, attempt, places } of jobs) {
          batch.gates.left(places);
          batch.changes.event('job.cancelled', { run: run.no, job: id, attempt });
          batch.changes.tally(id, 'cancelled');
          batch.wakeups.signals.add(jobTopic(id));
        }
        if (run.survivor_count > 0) {
          const ended = jobs.filter(({ settled }) => settled === settledState.propagated);
          await settleJobs(
            context,
            batch,
            ended.map(({ id }) => ({ job: id, version: run.version, succeeded: false })),
          );
        }
        if (context.stopGraceMs === 0) {
          const held = new Set(jobs.filter(({ settled }) => settled === settledState.held).map(({ id }) => id));
          await endCancelledAttempts(
            context,
            batch,
            live.map((attempt) => ({ ...attempt, digest: null, isHeld: held.has(attempt.job) })),
          );
        }
      }
      return answers;
    },
  };
}

/** Whether a large re-run began after the run was read. Its jobs are cancelled when all of them wait again. */
async function isBeingReset(batch: Batch, { no }: RunRow): Promise<boolean> {
  const [now] = await runsByNumber.run(batch.connection, { rows: [{ no }] });
  return now !== undefined && now.rerun_from !== null;
}

/** Stores nothing if another server has stored the same cancel, or the run has ended, since it was read. */
async function storeRequest(
  batch: Batch,
  run: RunRow,
  forced: boolean,
  { by, hash, supersededBy }: CancelRequest,
): Promise<void> {
  const [stored] = await requestCancel.run(batch.connection, {
    no: run.no,
    nowMs: batch.nowMs,
    forced: forced ? 1 : 0,
    hash,
  });
  if (stored === undefined) return;
  const superseded = supersededBy === null ? {} : { superseded_by: supersededBy };
  batch.changes.event('run.cancel_requested', { run: run.no, data: { forced, by, ...superseded } });
  batch.changes.audits.push({
    action: 'run.cancel_requested',
    subject: run.id,
    source: 'api',
    actor: by,
    data: { workflow: run.workflow_id, ...(forced ? { forced } : {}), ...superseded },
  });
}
