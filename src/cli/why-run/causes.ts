import type { Job, JobStatus } from '#client';
import { groupBy, hasEnded } from '../watch/waiting.js';

/** Jobs that are in their state for the same reason. */
export interface JobGroup {
  /** As the codes of a job's reasons, if the reason is known without another call. */
  readonly kind:
    | 'failed'
    | 'claimable'
    | 'held'
    | 'delayed'
    | 'running'
    | 'cancelled'
    | 'blocked'
    | 'skipped'
    | 'condition';
  readonly status: JobStatus;
  readonly jobs: readonly Job[];
  /** The jobs that hold these up, or whose end caused them to be skipped. */
  readonly roots: readonly string[];
  /** Whether there are more roots than are listed. */
  readonly moreRoots: boolean;
}

/** Roots are followed up to this many, so that a large run costs no more than its edges. */
const rootsMax = 4;

/** What holds a run up or failed it: root causes first, then their consequences. Successful jobs are left out. */
export function groupCauses(jobs: readonly Job[]): JobGroup[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const kinds = new Map(jobs.map((job) => [job.id, kindOf(job, byId)]));
  const roots = rootsOf(jobs, kinds);
  const of = (kind: JobGroup['kind']) => jobs.filter((job) => kinds.get(job.id) === kind);
  const grouped = (kind: JobGroup['kind'], textOf: (job: Job) => string): JobGroup[] =>
    [...groupBy(of(kind), textOf).values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const found = roots.get(first.id) ?? [];
      return [
        {
          kind,
          status: first.status,
          jobs: group,
          roots: found.slice(0, rootsMax),
          moreRoots: found.length > rootsMax,
        },
      ];
    });
  const rootText = ({ id }: Job) => (roots.get(id) ?? []).join('\n');
  return [
    ...grouped('failed', firstErrorLine),
    ...grouped('cancelled', () => ''),
    ...grouped('claimable', ({ required_labels }) => [...required_labels].sort().join(',')),
    ...grouped('held', () => ''),
    ...grouped('delayed', firstErrorLine),
    ...grouped('running', () => ''),
    ...grouped('condition', (job) => `${job.if}\n${rootText(job)}`),
    ...grouped('blocked', rootText),
    ...grouped('skipped', rootText),
  ];
}

export function firstErrorLine({ output }: Job): string {
  return (output ?? '').trim().split('\n', 1)[0] ?? '';
}

function kindOf(job: Job, byId: ReadonlyMap<string, Job>): JobGroup['kind'] | null {
  switch (job.status) {
    case 'success':
      return null;
    case 'failure':
      return 'failed';
    case 'running':
      return 'running';
    case 'cancelled':
      return 'cancelled';
    case 'skipped':
      return job.if == null ? 'skipped' : 'condition';
    case 'queued': {
      if (job.delayed_until_ms != null) return 'delayed';
      if (job.held === true) return 'held';
      const isBlocked = job.depends_on.some((need) => !hasEnded(byId.get(need)?.status ?? 'success'));
      return isBlocked ? 'blocked' : 'claimable';
    }
  }
}

const openKinds: ReadonlySet<JobGroup['kind'] | null> = new Set(['claimable', 'held', 'delayed', 'running', 'blocked']);

/** For each blocked or skipped job, the jobs where that began: at most one more than are shown. */
function rootsOf(
  jobs: readonly Job[],
  kinds: ReadonlyMap<string, JobGroup['kind'] | null>,
): ReadonlyMap<string, readonly string[]> {
  const roots = new Map<string, readonly string[]>();
  for (const job of inOrderOfNeeds(jobs)) {
    const kind = kinds.get(job.id);
    const isFollowed = (need: string) => {
      const of = kinds.get(need) ?? null;
      return kind === 'blocked' ? openKinds.has(of) : of !== null;
    };
    const found = new Set<string>();
    if (kind === 'blocked' || kind === 'skipped' || kind === 'condition') {
      for (const need of job.depends_on) {
        if (!isFollowed(need)) continue;
        const further = roots.get(need) ?? [];
        for (const root of further.length > 0 ? further : [need]) if (found.size <= rootsMax) found.add(root);
      }
    }
    roots.set(job.id, [...found]);
  }
  return roots;
}

/** Each job after those that it needs. */
function inOrderOfNeeds(jobs: readonly Job[]): Job[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const open = new Map(jobs.map((job) => [job.id, job.depends_on.length]));
  const dependents = new Map<string, string[]>();
  for (const { id, depends_on } of jobs) {
    for (const need of depends_on) {
      const known = dependents.get(need);
      if (known === undefined) dependents.set(need, [id]);
      else known.push(id);
    }
  }
  const ordered = jobs.filter(({ depends_on }) => depends_on.length === 0);
  for (let at = 0; at < ordered.length; at++) {
    for (const id of dependents.get(ordered[at]?.id ?? '') ?? []) {
      const left = (open.get(id) ?? 0) - 1;
      open.set(id, left);
      const job = byId.get(id);
      if (left === 0 && job !== undefined) ordered.push(job);
    }
  }
  return ordered;
}
