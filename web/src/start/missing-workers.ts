/** Jobs that would wait because no live worker has all of their labels. */
export interface Missing {
  readonly labels: readonly string[];
  readonly jobs: number;
}

interface LiveWorker {
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
}

/** The label sets of a version that no live worker satisfies. Labels that are expressions get their values with the run. */
export function missingWorkers(
  labelSets: readonly (readonly string[])[],
  labelSetOfJobs: readonly number[],
  live: readonly LiveWorker[],
): Missing[] {
  const found = labelSets.map((labels) => ({ labels, jobs: 0 }));
  for (const set of labelSetOfJobs) {
    const one = found[set];
    if (one !== undefined) one.jobs += 1;
  }
  const takes = (labels: readonly string[]) =>
    live.some((worker) =>
      labels.length === 0 ? !worker.onlyLabelled : labels.every((one) => worker.labels.includes(one)),
    );
  return found
    .filter(({ labels, jobs }) => jobs > 0 && !labels.some((label) => label.includes('${{')) && !takes(labels))
    .sort((a, b) => b.jobs - a.jobs);
}
