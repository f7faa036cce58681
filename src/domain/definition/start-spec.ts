import type { RunGroupSpec } from '../gates/run-group.js';
import type { InputDeclaration } from '../inputs/declaration.js';

/** What a definition checks and decides at the start of its runs. */
export interface StartSpec {
  /** Null when it declares none and accepts any inputs. */
  readonly inputs: readonly InputDeclaration[] | null;
  /** Absent when its runs belong to no group. */
  readonly concurrency?: RunGroupSpec;
  /** The display name of its runs, which may have expressions; absent for none. */
  readonly runName?: string;
  /** How long its runs may take, in seconds; absent for no limit. */
  readonly timeoutSecs?: number;
  /** The server variables that the definition reads; absent for none. */
  readonly variables?: readonly string[];
}
