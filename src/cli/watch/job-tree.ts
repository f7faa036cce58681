import type { Job } from '#client';
import { jobTitle } from './job-title.js';

/** A job and the branch drawn before it: `│  ├─ `. */
export interface TreeRow {
  readonly job: Job;
  readonly title: string;
  readonly branch: string;
}

/**
 * The jobs of a workflow as a tree. A job with several needs hangs under the deepest of them, so that it is below most
 * of its needs.
 */
export class JobTree {
  /** Jobs in the order of the definition, each with the one that it hangs under. */
  readonly #parents: ReadonlyMap<string, string | null>;

  constructor(jobs: readonly Pick<Job, 'id' | 'depends_on'>[]) {
    const depths = depthsOf(jobs);
    this.#parents = new Map(
      jobs.map(({ id, depends_on }) => {
        const [deepest] = [...depends_on].sort((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0));
        return [id, deepest ?? null];
      }),
    );
  }

  /**
   * The rows of these jobs. One whose parent is not among them hangs under the nearest ancestor that is.
   *
   * @param nodeOf the job with a matrix under which each child hangs
   */
  rows(jobs: readonly Job[], nodeOf: ReadonlyMap<string, Job> = noNodes): TreeRow[] {
    const shown = new Map(jobs.map((job) => [job.id, job]));
    const children = new Map<string | null, Job[]>();
    for (const job of jobs) {
      const parent = this.#parentAmong(shown, job.id, nodeOf);
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [job]);
      else siblings.push(job);
    }
    const rows: TreeRow[] = [];
    // Each entry of the stack: a job, the branch before it, and the branch before its children.
    const stack = (children.get(null) ?? []).map((job) => ({ job, branch: '', below: '' })).reverse();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { job, branch, below } = next;
      rows.push({ job, title: jobTitle(job, nodeOf.get(job.id)), branch });
      const under = children.get(job.id) ?? [];
      for (const [at, child] of [...under.entries()].reverse()) {
        const isLast = at === under.length - 1;
        stack.push({
          job: child,
          branch: `${below}${isLast ? '└─ ' : '├─ '}`,
          below: `${below}${isLast ? '   ' : '│  '}`,
        });
      }
    }
    return rows;
  }

  #parentAmong(shown: ReadonlyMap<string, Job>, id: string, nodeOf: ReadonlyMap<string, Job>): string | null {
    let parent = nodeOf.get(id)?.id ?? this.#parents.get(id) ?? null;
    for (let step = 0; parent !== null && !shown.has(parent); step++) {
      parent = step < climbedMax ? (this.#parents.get(parent) ?? null) : null;
    }
    return parent;
  }
}

const noNodes: ReadonlyMap<string, Job> = new Map();

/** Levels up to which a visible parent is searched, so that a frame does not cost the length of a chain. */
const climbedMax = 1_000;

/** The longest path from a root to each job. */
function depthsOf(jobs: readonly Pick<Job, 'id' | 'depends_on'>[]): ReadonlyMap<string, number> {
  const dependants = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const { id, depends_on } of jobs) {
    open.set(id, depends_on.length);
    for (const need of depends_on) {
      const known = dependants.get(need);
      if (known === undefined) dependants.set(need, [id]);
      else known.push(id);
    }
  }
  const depths = new Map(jobs.filter(({ depends_on }) => depends_on.length === 0).map(({ id }) => [id, 0]));
  const ready = [...depths.keys()];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const id of dependants.get(next) ?? []) {
      depths.set(id, Math.max(depths.get(id) ?? 0, (depths.get(next) ?? 0) + 1));
      const left = (open.get(id) ?? 0) - 1;
      open.set(id, left);
      if (left === 0) ready.push(id);
    }
  }
  return depths;
}
