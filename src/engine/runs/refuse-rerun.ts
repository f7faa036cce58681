import { DomainError } from '../../domain/errors.js';
import { generationsMax, type RerunRefusal } from '../../domain/rerun.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { liveAttemptOfJobs } from '../../store/statements/reruns.js';
import { runLimits } from './limits.js';
import { hasRunEnded } from './reopen-run.js';
import { sizeOf, type WantedRerun } from './wanted-rerun.js';

/** Why a run cannot be re-run in its present state, whatever its jobs are; null when it can. */
export function refusalOfRun(
  run: RunRow,
  wanted: Pick<WantedRerun, 'run' | 'chosen' | 'following'>,
  isLarge: boolean,
): DomainError | null {
  const hasEnded = hasRunEnded(run);
  if (run.logs_pruned === 2) {
    return new DomainError('conflict', `run ${run.id} is being deleted: its retention is over. Start a new run.`);
  }
  if (run.generation !== wanted.run.generation) {
    return new DomainError(
      'conflict',
      `another re-run of run ${run.id} began at the same time; check its result first`,
    );
  }
  if (run.activate_from !== null || run.rerun_from !== null || run.cancel_from !== null) {
    return new DomainError('unavailable', `run ${run.id} is being started or cancelled. Try again in a moment.`);
  }
  if (!hasEnded && run.cancel_requested_at_ms !== null) {
    return new DomainError('conflict', `run ${run.id} is being cancelled; it can be re-run when it has ended`, {
      reason: 'job_running',
    });
  }
  if (run.generation >= generationsMax) {
    return new DomainError(
      'conflict',
      `run ${run.id} has ${generationsMax} generations, as many as a run can have. Start a new run.`,
    );
  }
  if (isLarge && !hasEnded) {
    return new DomainError(
      'conflict',
      `${sizeOf(wanted)} jobs of run ${run.id} would run again; more than ${runLimits.rerunJobsPerTransaction} can only when the run has ended`,
      { reason: 'job_running' },
    );
  }
  return null;
}

/** The refusal as callers see it. */
export function toError(key: string, { reason, state }: RerunRefusal): DomainError {
  const job = JSON.stringify(key);
  const is =
    state === 'stopping'
      ? 'was cancelled, and its worker has not stopped it yet'
      : `is ${state === 'open' ? 'running' : state}`;
  if (reason === 'job_running') {
    return new DomainError('conflict', `job ${job} ${is}; only a job that has ended can be re-run`, { reason });
  }
  return new DomainError(
    'conflict',
    `job ${job}, which needs a job that would run again, ${is}; wait until it has ended, or use "force" to cancel it`,
    { reason },
  );
}

/**
 * A job of an ended run that its worker has not stopped yet; null when there is none. In an ended run nothing waits for
 * it, so jobs that run again could not wait for it either.
 */
export async function unstoppedJob(connection: Connection, run: RunRow): Promise<number | null> {
  if (!hasRunEnded(run)) return null;
  const range = { fromId: jobIdOf(run.no, 0), toId: jobIdOf(run.no + 1, 0) };
  const [live] = await liveAttemptOfJobs.run(connection, range);
  return live === undefined ? null : ordinalOfJob(live.job);
}

/** The refusal while a cancelled job still stops. */
export function unstoppedError(key: string): DomainError {
  return new DomainError(
    'conflict',
    `job ${JSON.stringify(key)} was cancelled, and its worker has not stopped it yet; try again in a moment, or use "force" to wait for it`,
    { reason: 'job_running' },
  );
}
