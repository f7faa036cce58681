import type { RerunJob } from '../../gen/workflowgraph/v1/workflow_service_pb.js';

/** What of a run is to run again. */
export type Choice =
  | { readonly kind: 'failed' }
  /** Every job: those without needs, and with them all others. */
  | { readonly kind: 'all'; readonly roots: readonly string[] }
  | { readonly kind: 'job'; readonly job: string }
  /** The job alone; what needs it stays as it is. */
  | { readonly kind: 'only'; readonly job: string };

/** More jobs than the server takes by their keys. */
const maxNamed = 1_000;

/** The request's part that says what runs again. */
export function wishOf(choice: Choice): { failed: boolean; jobs: string[]; dependants: boolean } {
  switch (choice.kind) {
    case 'failed':
      return { failed: true, jobs: [], dependants: true };
    case 'all':
      return { failed: false, jobs: [...choice.roots], dependants: true };
    case 'job':
      return { failed: false, jobs: [choice.job], dependants: true };
    case 'only':
      return { failed: false, jobs: [choice.job], dependants: false };
  }
}

/** What can be chosen for a whole run: what failed, when something did, and everything, when all of it has ended. */
export function choicesOfRun(
  jobs: readonly { readonly id: string; readonly needs: readonly number[] }[],
  { failed, isOver }: { readonly failed: number; readonly isOver: boolean },
): Choice[] {
  const roots = jobs.filter(({ needs }) => needs.length === 0).map(({ id }) => id);
  const canAll = isOver && roots.length > 0 && roots.length <= maxNamed;
  return [...(failed > 0 ? [{ kind: 'failed' } as const] : []), ...(canAll ? [{ kind: 'all', roots } as const] : [])];
}

export function choicesOfJob(job: string): Choice[] {
  return [
    { kind: 'job', job },
    { kind: 'only', job },
  ];
}

/** Jobs of an answer that have one reason. */
export interface ReasonOfJobs {
  readonly reason: string;
  readonly jobs: readonly string[];
}

/** The jobs of an answer by their reasons, the most frequent first. */
export function byReason(jobs: readonly Pick<RerunJob, 'jobId' | 'reason'>[]): ReasonOfJobs[] {
  const groups = Map.groupBy(jobs, ({ reason }) => reason);
  return [...groups]
    .map(([reason, of]) => ({ reason, jobs: of.map(({ jobId }) => jobId) }))
    .sort((a, b) => b.jobs.length - a.jobs.length);
}
