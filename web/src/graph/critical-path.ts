/** A job with its times, in Unix milliseconds; null for events that have not happened. */
export interface TimedJob {
  readonly needs: readonly number[];
  readonly enqueuedMs: number | null;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
}

/** A job of the chain, and its share of the run's time. */
export interface PathStep {
  readonly job: number;
  /** From the end of its last need until its last attempt was claimed. */
  readonly waitedMs: number;
  readonly ranMs: number;
}

/**
 * The chain that determined a run's duration: from the job that ended last back to its need that ended last, and so on.
 * First job first. Jobs that never started, such as skipped ones, are on no chain.
 */
export function criticalPath(jobs: readonly TimedJob[]): PathStep[] {
  const path: PathStep[] = [];
  let job = lastEnded(jobs, jobs.keys());
  while (job !== null) {
    const at: TimedJob | undefined = jobs[job];
    if (at === undefined || at.startedMs === null || at.endedMs === null) break;
    const before: number | null = lastEnded(jobs, at.needs);
    const readyMs: number = (before === null ? at.enqueuedMs : jobs[before]?.endedMs) ?? at.startedMs;
    path.push({ job, waitedMs: Math.max(0, at.startedMs - readyMs), ranMs: at.endedMs - at.startedMs });
    job = before;
  }
  return path.reverse();
}

function lastEnded(jobs: readonly TimedJob[], among: Iterable<number>): number | null {
  let last: number | null = null;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const job of among) {
    const { startedMs = null, endedMs = null } = jobs[job] ?? {};
    if (startedMs === null || endedMs === null || endedMs <= lastMs) continue;
    last = job;
    lastMs = endedMs;
  }
  return last;
}
