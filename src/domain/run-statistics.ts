import { quantile } from './job-statistics.js';
import type { RunState } from './states.js';

/** What statistics count of an ended run. */
export interface EndedRunFigures {
  readonly endedAtMs: number;
  readonly state: RunState;
  /** From its first job to its end, and from its start to its first job; null when none began, and after a re-run. */
  readonly durationMs: number | null;
  readonly waitingMs: number | null;
}

/** Half of the values, and 95 % of them, are at most so large; null when there is none. */
export interface Quantiles {
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

export interface RunStatistics {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of the runs that succeeded. */
  readonly duration: Quantiles;
  /** Of the runs that began. */
  readonly waiting: Quantiles;
}

export interface StatisticsBucket extends RunStatistics {
  readonly fromMs: number;
}

/** A job in an ended run, in which it succeeded or failed. */
export interface EndedJobFigures {
  readonly key: string;
  readonly isFailed: boolean;
  readonly attempt: number;
  readonly waitingMs: number | null;
  readonly durationMs: number | null;
}

export interface EndedJobStatistics {
  readonly key: string;
  /** In how many runs it succeeded or failed. */
  readonly ended: number;
  readonly failed: number;
  /** In how many it succeeded only after another attempt. */
  readonly flaky: number;
  /** Of its successes. */
  readonly duration: Quantiles;
  /** Of each last attempt, for a worker. */
  readonly waiting: Quantiles;
}

/** Counts runs, and takes the quantiles of their times. */
export function runStatistics(runs: readonly EndedRunFigures[]): RunStatistics {
  const inState = (state: RunState) => runs.filter((run) => run.state === state);
  const succeeded = inState('success');
  return {
    succeeded: succeeded.length,
    failed: inState('failure').length,
    cancelled: inState('cancelled').length,
    duration: quantilesOf(succeeded.map(({ durationMs }) => durationMs)),
    waiting: quantilesOf(runs.map(({ waitingMs }) => waitingMs)),
  };
}

/** The runs of each period, by the multiples of its length since 1970; periods without runs are left out. */
export function statisticsByPeriod(runs: readonly EndedRunFigures[], bucketMs: number): StatisticsBucket[] {
  const buckets = Map.groupBy(runs, ({ endedAtMs }) => Math.floor(endedAtMs / bucketMs) * bucketMs);
  return [...buckets]
    .map(([fromMs, members]) => ({ fromMs, ...runStatistics(members) }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** The wished length of a period, or the least with which the time has at most so many periods. */
export function periodLength(wishedMs: number, timeMs: number, periodsMax: number): number {
  return Math.max(1, wishedMs, Math.ceil(timeMs / periodsMax));
}

/** The statistics of each job, in the order in which the jobs first appear. */
export function statisticsByJob(jobs: readonly EndedJobFigures[]): EndedJobStatistics[] {
  return [...Map.groupBy(jobs, ({ key }) => key)].map(([key, entries]) => {
    const succeeded = entries.filter(({ isFailed }) => !isFailed);
    return {
      key,
      ended: entries.length,
      failed: entries.length - succeeded.length,
      flaky: succeeded.filter(({ attempt }) => attempt > 0).length,
      duration: quantilesOf(succeeded.map(({ durationMs }) => durationMs)),
      waiting: quantilesOf(entries.map(({ waitingMs }) => waitingMs)),
    };
  });
}

function quantilesOf(values: readonly (number | null)[]): Quantiles {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return { medianMs: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95) };
}
