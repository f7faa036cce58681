import type { GetStatisticsResponse, JobStatistics, RunStatistics } from '../../gen/workflowgraph/v1/statistics_pb.js';

/** A bucket of statistics, also one without runs. */
export interface Bucket {
  readonly fromMs: number;
  readonly all: number;
  readonly failed: number;
  readonly runs: RunStatistics | null;
}

export function runsIn({ succeeded, failed, cancelled }: RunStatistics): number {
  return succeeded + failed + cancelled;
}

/** `96 %`: of the runs that succeeded or failed. `100 %` means all of them, `0 %` none. */
export function shareOf({ succeeded, failed }: RunStatistics): string {
  const counted = succeeded + failed;
  if (counted === 0) return '–';
  const percent = Math.round((100 * succeeded) / counted);
  if (failed > 0 && percent === 100) return '99 %';
  if (succeeded > 0 && percent === 0) return '1 %';
  return `${percent} %`;
}

/** Every bucket from the first with runs until now. */
export function bucketsOf({ buckets, bucketMs }: GetStatisticsResponse, nowMs: number): Bucket[] {
  const first = buckets[0];
  if (first === undefined || bucketMs === 0n) return [];
  const known = new Map(buckets.map(({ fromMs, runs }) => [Number(fromMs), runs]));
  const length = Number(bucketMs);
  const all: Bucket[] = [];
  for (let fromMs = Number(first.fromMs); fromMs <= nowMs; fromMs += length) {
    const runs = known.get(fromMs) ?? null;
    all.push({ fromMs, all: runs === null ? 0 : runsIn(runs), failed: runs?.failed ?? 0, runs });
  }
  return all;
}

/** Jobs that fail or need retries: those with the largest share first. */
export function unreliableJobs(jobs: readonly JobStatistics[]): JobStatistics[] {
  const share = ({ failed, flaky, ended }: JobStatistics) => (failed + flaky) / Math.max(1, ended);
  return jobs
    .filter(({ failed, flaky }) => failed + flaky > 0)
    .sort((a, b) => share(b) - share(a) || b.ended - a.ended);
}
