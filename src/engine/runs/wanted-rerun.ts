import type { RunRow } from '../../store/statements/find-runs.js';
import type { RerunSet } from './load-rerun.js';

/** A requested re-run. */
export interface WantedRerun extends RerunSet {
  /** The run as it was read; a concurrent re-run that began since then makes this one fail. */
  readonly run: RunRow;
  readonly dependants: boolean;
  readonly by: string | null;
  /** Whether running jobs that need a chosen one are cancelled first. */
  readonly force: boolean;
  /** The hash of the request id; null when there is none. */
  readonly hash: string | null;
}

/** `stopping`: nothing has begun yet; these jobs, by their row ids, were cancelled and must stop first. */
export type BegunRerun =
  | {
      readonly kind: 'begun';
      readonly run: number;
      readonly generation: number;
      /** Of a large one: the position of the first job that is not reset yet. Null when all are. */
      readonly from: number | null;
    }
  | { readonly kind: 'stopping'; readonly jobs: readonly number[] };

/** Jobs that run again, or might. */
export function sizeOf({ chosen, following }: Pick<RerunSet, 'chosen' | 'following'>): number {
  return chosen.size + following.size;
}
