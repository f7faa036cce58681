import type { Figure } from './figures.js';

/** What the benchmarks of one run share. */
export interface BenchContext {
  /** How long each load is measured. */
  readonly seconds: number;
  /** Whole lives per second in bare SQLite at so many operations per commit, measured once in this run. */
  bareLivesPerSec(operationsPerCommit: number): number;
}

/** One benchmark. */
export interface Measure {
  readonly name: string;
  /** What is measured, in a line for people. */
  readonly title: string;
  /** It runs only when it is named. */
  readonly named?: true;
  run(context: BenchContext): Promise<readonly Figure[]>;
}
