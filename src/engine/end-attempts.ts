import type { AttemptOutcome } from '../domain/lease.js';
import { retryDelayMs } from '../domain/retry.js';
import { afterFailure } from '../domain/settle.js';
import type { JobState } from '../domain/states.js';
import { ordinalOfJob, runOfJob } from '../store/job-id.js';
import { type AttemptRow, endAttemptsIfLive } from '../store/statements/attempts.js';
import { leaveRunning } from '../store/statements/jobs.js';
import type { Batch } from './batch.js';
import type { Knowledge } from './context.js';
import { factsOf } from './run-facts.js';
import { type EndedJob, settleJobs } from './settle-jobs.js';
import { jobTopic, leaseTopic } from './topics.js';

/** How a live attempt ends. */
export interface AttemptEnd {
  readonly attempt: AttemptRow;
  readonly outcome: Exclude<AttemptOutcome, 'cancelled'>;
  /** Null when nobody reported it. */
  readonly digest: string | null;
  readonly error: string | null;
  readonly retryable: boolean;
  /** Whether a retry waits for the job's backoff. */
  readonly backoff: boolean;
  /** As JSON text; null when there are none. */
  readonly outputs: string | null;
}

/**
 * Ends attempts that were found live in this transaction: the job succeeds, fails, or waits for its next attempt, and
 * the jobs that need it are told.
 */
export async function endAttempts(knowledge: Knowledge, batch: Batch, ends: readonly AttemptEnd[]): Promise<void> {
  if (ends.length === 0) return;
  // Another server, whose clock is a little ahead, may have begun them later than now.
  for (const { attempt } of ends) batch.notBefore(attempt.claimed_at_ms);
  const runs = await knowledge.runs.get(
    batch,
    ends.map((end) => runOfJob(end.attempt.job)),
  );
  const specs = await knowledge.specs.get(
    batch.connection,
    ends.map(({ attempt }) => ({
      version: factsOf(runs, runOfJob(attempt.job)).version,
      ord: ordinalOfJob(attempt.job),
    })),
  );
  const changes = ends.map((end, at) => {
    const spec = specs[at]?.spec;
    if (spec === undefined) throw new Error(`job ${end.attempt.job} has no specification`);
    return { end, ...nextState(knowledge, end, spec.retry) };
  });

  await endAttemptsIfLive.run(batch.connection, {
    rows: ends.map(({ attempt, outcome, digest, error }) => [
      attempt.job,
      attempt.number,
      outcome,
      batch.nowMs,
      digest,
      error,
    ]),
  });
  const left = await leaveRunning.run(batch.connection, {
    rows: changes.map(({ end, state, delayMs }) => {
      const again = state === 'queued' || state === 'delayed';
      return [
        end.attempt.job,
        state,
        end.attempt.number + (again ? 1 : 0),
        again ? null : batch.nowMs,
        again ? batch.nowMs : null,
        state === 'delayed' ? batch.nowMs + delayMs : null,
        end.error,
        end.outputs,
      ];
    }),
  });
  if (left.length !== ends.length) throw new Error('a live attempt belongs to a job that does not run');

  const ended: EndedJob[] = [];
  for (const { end, state, delayMs } of changes) {
    const { job, number } = end.attempt;
    const run = runOfJob(job);
    const data = endData(end);
    batch.outcomes.push(end.outcome);
    batch.signals.add(jobTopic(job));
    if (end.digest === null) batch.signals.add(leaseTopic(job));
    if (state === 'success' || state === 'failure') {
      batch.event(`job.${state}`, { run, job, attempt: number, ...data });
      batch.tally(run, state);
      ended.push({ job, version: factsOf(runs, run).version, succeeded: state === 'success' });
    } else if (state === 'delayed') {
      const until = { ...data?.data, until_ms: batch.nowMs + delayMs };
      batch.event('job.delayed', { run, job, attempt: number, data: until });
      batch.dueAt(batch.nowMs + delayMs);
    } else {
      batch.event('job.queued', { run, job, attempt: number, ...data });
    }
  }
  for (const job of left) if (job.state === 'queued') batch.claimable.add(job.label_set);
  await settleJobs(knowledge, batch, ended);
}

/** What the event of an attempt's end says of it beside its number; nothing when it succeeded. */
function endData(end: AttemptEnd): { data?: { outcome: string; error: string } } {
  if (end.outcome === 'success') return {};
  return { data: { outcome: end.outcome, error: (end.error ?? '').slice(0, 500) } };
}

function nextState(
  knowledge: Knowledge,
  end: AttemptEnd,
  retry: Parameters<typeof retryDelayMs>[0],
): { state: JobState; delayMs: number } {
  if (end.outcome === 'success') return { state: 'success', delayMs: 0 };
  const { number } = end.attempt;
  const delayMs = end.backoff ? retryDelayMs(retry, number, knowledge.environment.random()) : 0;
  return { state: afterFailure(number, retry.maxRetries, end.retryable, delayMs), delayMs };
}
