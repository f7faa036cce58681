import type { Figure } from './figures.js';

/** State shared by the benchmarks of one run. */
export interface BenchContext {
  /** The measured time of each load. */
  readonly seconds: number;
  /** Whole lives per second in bare SQLite at this many operations per commit, measured once in this run. */
  bareLivesPerSec(operationsPerCommit: number): number;
}

/** One benchmark. */
export interface Measure {
  readonly name: string;
  /** A one-line description of the measurement. */
  readonly title: string;
  /** Runs only when named. */
  readonly named?: true;
  run(context: BenchContext): Promise<readonly Figure[]>;
}
