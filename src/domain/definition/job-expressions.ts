import type { Env, Shell } from './definition.js';

/** The keys of a job whose texts have expressions, as written; null or empty for keys without. */
export interface JobExpressions {
  readonly name: string | null;
  /** Added to the fixed labels: one text, which may evaluate to a list, or entries of a list with their indexes. */
  readonly labels: string | readonly (readonly [at: number, text: string])[] | null;
  readonly priority: string | null;
  readonly timeout: string | null;
  /** Absent when it has none. */
  readonly queueTimeout?: string;
  /** Variables with expressions, besides the fixed ones. */
  readonly env: Env;
  /** The same for each step; empty when no step has any. */
  readonly stepEnv: readonly Env[];
  /** The shell of the script, because the variables of steps are compiled into it. */
  readonly shell: Shell;
  /** Absent for the worker's directory. */
  readonly workingDirectory?: string;
}
