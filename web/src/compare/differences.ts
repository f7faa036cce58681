import type { JobRow } from '../run/job-row.js';

/** A job of two runs; null for a run without that key. */
export interface Difference {
  readonly id: string;
  readonly a: JobRow | null;
  readonly b: JobRow | null;
  /** How much longer it ran in the second run, in milliseconds; null unless it ran in both. */
  readonly ranMs: number | null;
  /** How much longer it waited for a worker. */
  readonly waitedMs: number | null;
  readonly hasOtherEnd: boolean;
}

/** The jobs of two runs side by side: different results first, then the largest differences of time. */
export function differencesOf(a: readonly JobRow[], b: readonly JobRow[]): Difference[] {
  const second = new Map(b.map((job) => [job.id, job]));
  const first = new Set(a.map(({ id }) => id));
  const pairs: (readonly [JobRow | null, JobRow | null])[] = [
    ...a.map((job) => [job, second.get(job.id) ?? null] as const),
    ...b.filter(({ id }) => !first.has(id)).map((job) => [null, job] as const),
  ];
  return pairs
    .map(([one, other]) => ({
      id: one?.id ?? other?.id ?? '',
      a: one,
      b: other,
      ranMs: minus(ranMs(other), ranMs(one)),
      waitedMs: minus(waitedMs(other), waitedMs(one)),
      hasOtherEnd: one?.look !== other?.look,
    }))
    .sort((x, y) => Number(y.hasOtherEnd) - Number(x.hasOtherEnd) || weight(y) - weight(x) || (x.id < y.id ? -1 : 1));
}

export function ranMs(job: JobRow | null): number | null {
  if (job === null || job.startedMs === null || job.endedMs === null) return null;
  return Math.max(0, job.endedMs - job.startedMs);
}

export function waitedMs(job: JobRow | null): number | null {
  if (job === null || job.enqueuedMs === null || job.startedMs === null) return null;
  return Math.max(0, job.startedMs - job.enqueuedMs);
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function weight({ ranMs: ran, waitedMs: waited }: Difference): number {
  return Math.abs(ran ?? 0) + Math.abs(waited ?? 0);
}
