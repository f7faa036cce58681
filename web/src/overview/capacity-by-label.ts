import type { Worker } from '../../gen/workflowgraph/v1/worker_service_pb.js';

interface LabelCapacity {
  readonly label: string;
  readonly running: number;
  readonly slots: number;
}

/** All workers first, then each label, those with the most slots first; at most ten. */
export function capacityByLabel(live: readonly Pick<Worker, 'labels' | 'running' | 'slots'>[]): LabelCapacity[] {
  const byLabel = new Map<string, { running: number; slots: number }>();
  for (const { labels, running, slots } of live) {
    for (const label of ['', ...new Set(labels.filter(isGiven))]) {
      const sum = byLabel.get(label) ?? { running: 0, slots: 0 };
      // A worker that claims by single calls declares no slots; it has at least those in use.
      byLabel.set(label, { running: sum.running + running, slots: sum.slots + Math.max(slots, running, 1) });
    }
  }
  return [...byLabel]
    .map(([label, sum]) => ({ label, ...sum }))
    .sort(
      (a, b) => Number(b.label === '') - Number(a.label === '') || b.slots - a.slots || (a.label < b.label ? -1 : 1),
    )
    .slice(0, 10);
}

/** Feature labels of workers are not a share of the capacity. */
function isGiven(label: string): boolean {
  return !label.startsWith('feature:');
}
