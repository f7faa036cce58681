/** A set of labels, sorted by UTF-16 units and without repeats, so that equal sets are equal lists. */
export type LabelSet = readonly string[];

/** Builds a set from a list. Labels are exact: neither case nor blanks are changed. */
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

/**
 * Labels with this prefix are abilities of a worker. Jobs get them from the keys that need them, not from their
 * `labels`.
 */
export const featurePrefix = 'feature:';

export const features = {
  /** Reports the exit code of a failed command. */
  exitCodes: 'feature:exit-codes',
  /** Runs each attempt in an empty directory of its own. */
  workspace: 'feature:workspace',
} as const;

export function isFeature(label: string): boolean {
  return label.startsWith(featurePrefix);
}

/** The canonical text of a set, whatever order it was written in: a JSON list. */
export function labelsKey(labels: readonly string[]): string {
  return JSON.stringify(normaliseLabels(labels));
}

/** The jobs that a worker takes: those whose required labels are all among its own. */
export interface Offer {
  readonly labels: LabelSet;
  readonly labelsKey: string;
  /** Whether it leaves jobs that require no label to other workers. */
  readonly onlyLabelled: boolean;
  /** Equal for workers that take the same jobs. */
  readonly key: string;
}

export function makeOffer(labels: readonly string[], onlyLabelled: boolean): Offer {
  const set = normaliseLabels(labels);
  const key = JSON.stringify(set);
  return { labels: set, labelsKey: key, onlyLabelled, key: onlyLabelled ? `labelled only ${key}` : key };
}

/**
 * Whether a worker that leaves jobs without labels to others leaves this one. Abilities do not count as labels of a
 * job.
 */
export function isLeftToOthers(required: readonly string[], onlyLabelled: boolean): boolean {
  return onlyLabelled && required.every(isFeature);
}
