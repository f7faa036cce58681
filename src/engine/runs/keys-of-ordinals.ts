import { childKey } from '../../domain/matrix/child.js';
import type { Connection } from '../../store/connection.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { keysOfOrdinals } from '../../store/statements/reruns.js';
import { nodesOfChildren } from './children-to-rerun.js';

/** The keys of jobs and of children, by their ordinals. */
export async function keysOf(
  connection: Connection,
  { version }: Pick<RunRow, 'version'>,
  ordinals: readonly number[],
): Promise<Map<number, string>> {
  const nodes = await nodesOfChildren(connection, version, ordinals);
  const rows = [...new Set(ordinals.map((ordinal) => nodes.get(ordinal) ?? ordinal))].map((ord) => ({ ord }));
  const found = await keysOfOrdinals.run(connection, { version, rows });
  const keys = new Map(found.map((row) => [row.ord, row]));
  return new Map(
    ordinals.flatMap((ordinal) => {
      const row = keys.get(nodes.get(ordinal) ?? ordinal);
      if (row === undefined) return [];
      return [[ordinal, nodes.has(ordinal) ? childKey(row.key, ordinal - (row.children_from ?? 0)) : row.key] as const];
    }),
  );
}
