/** Most entries of a page of a list. */
const entriesMax = 1_000;

/** Size of a page: the requested one, up to the maximum; `standard` when absent. */
export function pageSize(limit: number | undefined, standard = 100): number {
  return Math.min(limit ?? standard, entriesMax);
}
