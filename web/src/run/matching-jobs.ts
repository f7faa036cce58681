import type { JobRow } from './job-row.js';
import type { Look } from './phases.js';

/** The maximum number of keys in the address. */
const maxOpen = 50;

/** The keys of the unfolded nodes, as in the address: separated by commas, which no key contains. */
export function openNodes(open: string | undefined): readonly string[] {
  return open === undefined ? [] : open.split(',').slice(0, maxOpen);
}

/** The same with one key toggled; undefined if none is left. */
export function toggledNodes(open: string | undefined, node: string): string | undefined {
  const before = openNodes(open);
  const after = before.includes(node) ? before.filter((key) => key !== node) : [...before, node];
  return after.length === 0 ? undefined : after.join(',');
}

/** Jobs, each unfolded one followed by those of its children that match too. */
export function withChildren(
  jobs: readonly JobRow[],
  { open, children, state, q }: Unfolded & { readonly state: Look | undefined; readonly q: string },
): readonly JobRow[] {
  if (open.length === 0) return matchingJobs(jobs, state, q);
  const shown = new Set(open);
  // The text filter matches a node by its own key; its children are filtered by state only.
  return matchingJobs(jobs, state, q).flatMap((job) =>
    shown.has(job.id) ? [job, ...matchingJobs(children.get(job.id) ?? [], state, '')] : [job],
  );
}

export interface Unfolded {
  readonly open: readonly string[];
  readonly children: ReadonlyMap<string, readonly JobRow[]>;
}

/** The jobs in a state whose key or name contains a text. */
export function matchingJobs(jobs: readonly JobRow[], state: Look | undefined, q: string): readonly JobRow[] {
  const wanted = q.trim().toLowerCase();
  if (state === undefined && wanted === '') return jobs;
  return jobs.filter(
    ({ look, id, name, children }) =>
      (state === undefined || look === state || (state === 'failure' && (children?.failed ?? 0) > 0)) &&
      (wanted === '' || id.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted)),
  );
}
