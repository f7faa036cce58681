import { expect } from 'vitest';
import { jobTransitions } from '../../src/domain/states.js';
import type { Connection } from '../../src/store/connection.js';

/** The edges of the state table, as `from → to`. */
export const jobEdges: ReadonlySet<string> = new Set(jobTransitions.map(([from, , to]) => `${from} → ${to}`));

/**
 * The edges that jobs have taken according to their events. A job's first event does not name the previous state: a
 * running job was claimable; a claimable or skipped one was waiting; a cancelled one may have been either and is
 * omitted. A job that is being stopped is running.
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

/** Checks that no job changed state along an edge that the state table lacks. */
export async function expectKnownEdges(connection: Connection): Promise<void> {
  const strange = [...(await walkedEdges(connection))].filter((edge) => !jobEdges.has(edge));
  expect(strange).toEqual([]);
}
