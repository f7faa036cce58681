import type { RerunJob } from '../../gen/workflowgraph/v1/runs_pb.js';

/** The part of a run to run again. */
export type Choice =
  | { readonly kind: 'failed' }
  /** Every job: those without needs, and thus all others. */
  | { readonly kind: 'all'; readonly roots: readonly string[] }
  | { readonly kind: 'job'; readonly job: string }
  /** The job alone; its dependents stay unchanged. */
  | { readonly kind: 'only'; readonly job: string };

/** More jobs than the server accepts by key. */
const maxNamed = 1_000;

/** The request's fields that select what runs again. */
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

/** The choices for a whole run: the failed jobs, if any, and everything, if all of it has ended. */
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

/** Jobs of a response that share a reason. */
export interface ReasonOfJobs {
  readonly reason: string;
  readonly jobs: readonly string[];
}

/** The jobs of a response by reason, the most frequent first. */
export function byReason(jobs: readonly Pick<RerunJob, 'jobId' | 'reason'>[]): ReasonOfJobs[] {
  const groups = Map.groupBy(jobs, ({ reason }) => reason);
  return [...groups]
    .map(([reason, of]) => ({ reason, jobs: of.map(({ jobId }) => jobId) }))
    .sort((a, b) => b.jobs.length - a.jobs.length);
}
