import { expect } from 'vitest';
import { jobTransitions } from '../../src/domain/states.js';
import type { Connection } from '../../src/store/connection.js';

/** The edges of the state table, as `from → to`. */
export const jobEdges: ReadonlySet<string> = new Set(jobTransitions.map(([from, , to]) => `${from} → ${to}`));

/**
 * The edges that jobs have walked, as their events tell. A job's first event does not say where it began: one that runs was
 * claimable, one that becomes claimable or is skipped was waiting; one that is cancelled may have been either, and is left
 * out. A job that is being stopped runs.
 */
export async function walkedEdges(connection: Connection): Promise<ReadonlySet<string>> {
  const rows = (await connection.query(
    `select distinct before, type from (
       select lag(type) over (partition by job order by number) as before, type from events
       where job is not null and type <> 'job.stopping'
     ) as steps`,
    [],
  )) as { before: string | null; type: string }[];
  const walked = new Set<string>();
  for (const { before, type } of rows) {
    const to = type.replace('job.', '');
    const from = before?.replace('job.', '') ?? beginnings.get(to);
    if (from !== undefined) walked.add(`${from} → ${to}`);
  }
  return walked;
}

const beginnings: ReadonlyMap<string, string> = new Map([
  ['running', 'queued'],
  ['held', 'waiting'],
  ['queued', 'waiting'],
  ['open', 'waiting'],
  ['skipped', 'waiting'],
]);

/** Proves that no job has gone from one state to another in a way that the state table does not have. */
export async function expectKnownEdges(connection: Connection): Promise<void> {
  const strange = [...(await walkedEdges(connection))].filter((edge) => !jobEdges.has(edge));
  expect(strange).toEqual([]);
}
