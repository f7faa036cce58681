import type { Look } from './phases.js';
import type { JobRow } from './run-store.js';

/** The jobs in a state whose key or name contains a text. */
export function matchingJobs(jobs: readonly JobRow[], state: Look | undefined, q: string): readonly JobRow[] {
  const wanted = q.trim().toLowerCase();
  if (state === undefined && wanted === '') return jobs;
  return jobs.filter(
    ({ look, id, name }) =>
      (state === undefined || look === state) &&
      (wanted === '' || id.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted)),
  );
}
