import { Option } from 'commander';

/** The argument of every command that works on a run. */
export const runArgument = "a run's id or its first characters (6 or more), or a workflow's id for its newest run";

/** Two groups of a run's id hold its time of creation, to the millisecond. */
const shortChars = 13;
const uuidChars = 36;

export function fullIdsOption(): Option {
  return new Option('--full-ids', 'print whole run ids');
}

/**
 * Shortens run ids for a table, all to the same length, long enough to distinguish the runs of the table. Commands
 * accept a short id in place of a whole one.
 */
export function runIds(ids: readonly string[], isFull: boolean | undefined): (id: string) => string {
  if (isFull) return (id) => id;
  const sorted = [...new Set(ids)].sort();
  let chars = shortChars;
  for (const [at, id] of sorted.entries()) {
    const next = sorted[at + 1];
    while (next !== undefined && chars < uuidChars && id.slice(0, chars) === next.slice(0, chars)) chars += 1;
  }
  return (id) => (id.length === uuidChars ? id.slice(0, chars).replace(/-$/, '') : id);
}
