import type { JsonValue } from '../json.js';

/** What `strategy` says of a job. */
export interface Strategy {
  /** As it was written: a map of axes with `include` and `exclude`, or a text with expressions in it. */
  readonly source: JsonValue;
  /** Whether the first child that fails cancels those that have not ended. */
  readonly failFast: boolean;
  /** How many children may be claimable or running at once, or an expression of it; absent when there is no limit. */
  readonly maxParallel?: number | string;
  /** How many children there can be. */
  readonly childrenMax: number;
}

/** What `strategy` says of a job of a version: the job becomes a node, with one child for each combination of values. */
export interface MatrixSpec extends Strategy {
  /** The ordinal of its first child; the others follow. */
  readonly childrenFrom: number;
}

/** One combination: the values of one child by their names. */
export type Combination = Readonly<Record<string, JsonValue>>;

/** Ordinals from here on belong to children; those of the jobs of a definition are lower. */
export const firstChildOrdinal = 2 ** 18;
