import { notFound } from '../../domain/errors.js';
import { childKey } from '../../domain/matrix/child.js';
import type { ChildrenFact, FailedChildFact } from '../../domain/why-facts.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf } from '../../store/job-id.js';
import { failedChildOfNode, groupByKey, matricesOfJobs } from '../../store/statements/read-matrices.js';
import { childrenOfNode, type JobViewRow } from '../../store/statements/views.js';

/** Which children of a node a reader wants. */
export interface ChildrenQuery {
  /** The key of the node. */
  readonly of: string;
  readonly limit: number;
  readonly offset: number;
}

/** How the children of the nodes among some jobs stand, by the row ids of the nodes. */
export async function childrenOfJobs(
  connection: Connection,
  nodes: readonly number[],
): Promise<ReadonlyMap<number, ChildrenFact>> {
  if (nodes.length === 0) return new Map();
  const rows = await matricesOfJobs.run(connection, { rows: nodes.map((id) => ({ id })) });
  return new Map(rows.map(({ job, ...children }) => [job, children]));
}

/** The jobs among some that have a matrix, as their definition says; no statement is needed to know it. */
export function nodesAmong(rows: readonly Pick<JobViewRow, 'job' | 'spec' | 'idx'>[]): number[] {
  return rows.filter(({ spec, idx }) => idx === null && spec.includes('"childrenFrom":')).map(({ job }) => job);
}

/** Children of a node of a run, in order. Errors: `not_found` for a job that has no matrix. */
export async function readChildren(
  connection: Connection,
  run: { readonly no: number; readonly version: number },
  { of, limit, offset }: ChildrenQuery,
): Promise<readonly JobViewRow[]> {
  const [group] = await groupByKey.run(connection, { version: run.version, key: of });
  if (group === undefined) throw notFound(`job ${JSON.stringify(of)} with a matrix`);
  const node = jobIdOf(run.no, group.ord);
  const total = (await childrenOfJobs(connection, [node])).get(node)?.total ?? 0;
  const first = jobIdOf(run.no, group.children_from);
  return childrenOfNode.run(connection, {
    version: run.version,
    ord: group.ord,
    fromId: first + Math.min(offset, total),
    toId: first + Math.min(offset + limit, total),
  });
}

/** The first child of a node that failed, by the row id of the node; null if none did. */
export async function firstFailedChild(
  connection: Connection,
  run: { readonly no: number; readonly version: number },
  node: number,
): Promise<FailedChildFact | null> {
  const [failed] = await failedChildOfNode.run(connection, { version: run.version, node });
  if (failed === undefined) return null;
  const jobKey = childKey(failed.key, failed.idx);
  return { jobKey, name: failed.name ?? jobKey, error: failed.error };
}

/** A child by its row id and the ordinal of its node. */
export async function readChild(
  connection: Connection,
  version: number,
  { id, ord }: { readonly id: number; readonly ord: number },
): Promise<JobViewRow | null> {
  const [row] = await childrenOfNode.run(connection, { version, ord, fromId: id, toId: id + 1 });
  return row ?? null;
}
