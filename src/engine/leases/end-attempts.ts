import { jobEvents } from '../../domain/events.js';
import type { AttemptOutcome } from '../../domain/lease.js';
import { allowsRetryAfter, type RetryPolicy, retryDelayMs } from '../../domain/retry.js';
import { afterFailure } from '../../domain/settle.js';
import { hasEnded, type JobState } from '../../domain/states.js';
import { ordinalOfJob, runOfJob } from '../../store/job-id.js';
import { type AttemptRow, endAttemptsIfLive } from '../../store/statements/attempts.js';
import { leaveRunning } from '../../store/statements/jobs.js';
import type { BatchContext } from '../context.js';
import { factsOf } from '../memory/run-info.js';
import { jobTopic, leaseTopic } from '../memory/topics.js';
import { type EndedJob, settleJobs } from '../runs/settle-jobs.js';
import type { Batch } from '../writer/batch.js';

/** How a live attempt ends. */
export interface AttemptEnd {
  readonly attempt: AttemptRow;
  readonly outcome: Exclude<AttemptOutcome, 'cancelled'>;
  /** Null when no report ended it. */
  readonly digest: string | null;
  readonly error: string | null;
  /** Of its command; null when its worker did not report one. */
  readonly exitCode: number | null;
  readonly retryable: boolean;
  /** Whether a retry waits for the job's backoff. */
  readonly backoff: boolean;
  /** As JSON text; null when there are none. */
  readonly outputs: string | null;
}

/**
 * Ends attempts that this transaction found live: the job succeeds, fails, or waits for its next attempt. The end
 * propagates to dependents.
 */
export async function endAttempts(context: BatchContext, batch: Batch, ends: readonly AttemptEnd[]): Promise<void> {
  if (ends.length === 0) return;
  // Another server, whose clock is a little ahead, may have started them later than now.
  for (const { attempt } of ends) batch.notBefore(attempt.claimed_at_ms);
  const runs = await context.runs.get(
    batch,
    ends.map((end) => runOfJob(end.attempt.job)),
  );
  const specs = await context.specs.get(
    batch.connection,
    ends.map(({ attempt }) => ({
      version: factsOf(runs, runOfJob(attempt.job)).version,
      ord: ordinalOfJob(attempt.job),
    })),
  );
  const changes = ends.map((end, at) => {
    const spec = specs[at]?.spec;
    if (spec === undefined) throw new Error(`job ${end.attempt.job} has no specification`);
    const next = nextState(context, end, spec.retry);
    return { end, ...next, isTolerated: next.state === 'failure' && spec.continueOnError === true };
  });

  await endAttemptsIfLive.run(batch.connection, {
    rows: ends.map(({ attempt, outcome, digest, error, exitCode }) => ({
      job: attempt.job,
      number: attempt.number,
      outcome,
      at_ms: batch.nowMs,
      digest,
      error,
      exit_code: exitCode,
    })),
  });
  const left = await leaveRunning.run(batch.connection, {
    rows: changes.map(({ end, state, delayMs, isTolerated }) => {
      const again = state === 'queued' || state === 'delayed';
      return {
        id: end.attempt.job,
        state,
        attempt: end.attempt.number + (again ? 1 : 0),
        ended_at_ms: again ? null : batch.nowMs,
        enqueued_at_ms: again ? batch.nowMs : null,
        delayed_until_ms: state === 'delayed' ? batch.nowMs + delayMs : null,
        error: end.error,
        outputs: end.outputs,
        tolerated: isTolerated ? 1 : 0,
      };
    }),
  });
  if (left.length !== ends.length) throw new Error('a live attempt belongs to a job that does not run');

  const ended: EndedJob[] = [];
  for (const { end, state, delayMs, isTolerated } of changes) {
    const { job, number } = end.attempt;
    const run = runOfJob(job);
    const data = endData(end, isTolerated);
    batch.measures.outcomes.push(end.outcome);
    batch.wakeups.signals.add(jobTopic(job));
    if (end.digest === null) batch.wakeups.signals.add(leaseTopic(job));
    if (state === 'success' || state === 'failure') {
      batch.changes.event(jobEvents[state], { run, job, attempt: number, ...data });
      batch.changes.tally(job, isTolerated ? 'tolerated' : state);
      ended.push({ job, version: factsOf(runs, run).version, succeeded: state === 'success' || isTolerated });
    } else if (state === 'delayed') {
      const until = { ...data?.data, until_ms: batch.nowMs + delayMs };
      batch.changes.event('job.delayed', { run, job, attempt: number, data: until });
      batch.wakeups.dueAt(batch.nowMs + delayMs);
    } else {
      batch.changes.event('job.queued', { run, job, attempt: number, ...data });
    }
  }
  for (const { state, label_set, places, due_at_ms } of left) {
    if (state === 'queued') batch.wakeups.claimable.add(label_set);
    if (state === 'queued' && due_at_ms !== null) batch.wakeups.dueAt(due_at_ms);
    // A retry keeps its places, through its backoff too.
    if (hasEnded(state)) batch.gates.left(places);
  }
  await settleJobs(context, batch, ended);
}

/** Data of an attempt's end event, besides its number; none after a success. */
function endData(
  end: AttemptEnd,
  isTolerated: boolean,
): { data?: { outcome: string; error: string; exit_code?: number } } {
  if (end.outcome === 'success') return {};
  const exitCode = end.exitCode === null ? {} : { exit_code: end.exitCode };
  const tolerated = isTolerated ? { tolerated: true } : {};
  return { data: { outcome: end.outcome, error: (end.error ?? '').slice(0, 500), ...exitCode, ...tolerated } };
}

function nextState(context: BatchContext, end: AttemptEnd, retry: RetryPolicy): { state: JobState; delayMs: number } {
  if (end.outcome === 'success') return { state: 'success', delayMs: 0 };
  // A re-run restores the job's retries.
  const tried = end.attempt.number - end.attempt.job_budget_from;
  const delayMs = end.backoff ? retryDelayMs(retry, tried, context.environment.random()) : 0;
  const isRetryable = end.retryable && allowsRetryAfter(retry, end.outcome, end.exitCode);
  return { state: afterFailure(tried, retry.maxRetries, isRetryable, delayMs), delayMs };
}
