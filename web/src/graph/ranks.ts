/** A job of a graph, as folding and ranking see it. Its needs are positions in the same list. */
export interface GraphJob {
  readonly id: string;
  readonly needs: readonly number[];
  readonly labels: readonly string[];
}

/**
 * Each job's rank: 0 without needs, otherwise one more than its deepest need. The server rejects cycles; a job within
 * one would stay at rank 0.
 */
export function ranksOf(jobs: readonly Pick<GraphJob, 'needs'>[]): Uint32Array {
  const ranks = new Uint32Array(jobs.length);
  const open = Uint32Array.from(jobs, ({ needs }) => needs.length);
  const dependents = dependentsOf(jobs);
  const ready: number[] = [];
  open.forEach((count, job) => {
    if (count === 0) ready.push(job);
  });
  for (let at = 0; at < ready.length; at++) {
    const job = ready[at] ?? 0;
    for (const dependent of dependents[job] ?? []) {
      ranks[dependent] = Math.max(ranks[dependent] ?? 0, (ranks[job] ?? 0) + 1);
      open[dependent] = (open[dependent] ?? 0) - 1;
      if (open[dependent] === 0) ready.push(dependent);
    }
  }
  return ranks;
}

/** For each job, the jobs that need it. */
function dependentsOf(jobs: readonly Pick<GraphJob, 'needs'>[]): number[][] {
  const dependents: number[][] = jobs.map(() => []);
  jobs.forEach(({ needs }, job) => {
    for (const need of needs) dependents[need]?.push(job);
  });
  return dependents;
}
