import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import type { Connection } from '../../store/connection.js';
import { groupsOfVersion } from '../../store/statements/read-matrices.js';

/** The node of each child among some jobs of a version, by ordinals. Only children cost a statement. */
export async function nodesOfChildren(
  connection: Connection,
  version: number,
  ordinals: Iterable<number>,
): Promise<ReadonlyMap<number, number>> {
  const children = [...ordinals].filter((ordinal) => ordinal >= firstChildOrdinal);
  if (children.length === 0) return new Map();
  const groups = await groupsOfVersion.run(connection, { version });
  return new Map(
    children.map((child) => {
      const group = groups.findLast(({ children_from }) => children_from <= child);
      if (group === undefined) throw new Error(`version ${version} has no child ${child}`);
      return [child, group.ord];
    }),
  );
}
