/** A set of labels, sorted by UTF-16 units and without repeats, so that equal sets are equal lists. */
export type LabelSet = readonly string[];

/** Makes a set of what was written. Labels are exact: neither case nor blanks are changed. */
export function normaliseLabels(labels: readonly string[]): LabelSet {
  return [...new Set(labels)].sort();
}

/**
 * Whether a worker may run a job: its labels include every required one. No required labels: any worker may.
 * Neither list needs to be normalised.
 */
export function labelsMatch(required: readonly string[], offered: readonly string[] | ReadonlySet<string>): boolean {
  const has = offered instanceof Set ? offered : new Set(offered as readonly string[]);
  return required.every((label) => has.has(label));
}

/** The one text that stands for this set, whatever order it was written in: a JSON list. */
export function labelsKey(labels: readonly string[]): string {
  return JSON.stringify(normaliseLabels(labels));
}
