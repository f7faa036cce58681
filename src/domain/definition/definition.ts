import type { JobGroupSpec } from '../gates/job-gates.js';
import type { RunGroupSpec } from '../gates/run-group.js';
import type { InputDeclaration, InputType } from '../inputs/declaration.js';
import type { JsonObject } from '../json.js';
import type { LabelSet } from '../labels.js';
import type { Strategy } from '../matrix/matrix-spec.js';
import type { Problem } from '../problem.js';
import type { RetryPolicy } from '../retry.js';
import type { Schedule } from '../schedule/schedule.js';
import type { JobExpressions } from './job-expressions.js';

/** A valid workflow: every key is unique, every need exists, there is no cycle, every limit is kept. */
export interface WorkflowDefinition {
  readonly name: string;
  /** The value of `on`; several are joined by ", ". Empty when absent. */
  readonly trigger: string;
  /** The schedules that start runs; usually none. */
  readonly schedules: readonly Schedule[];
  /** The declared inputs of its runs; null when it declares none and accepts any. */
  readonly inputs: readonly InputDeclaration[] | null;
  /** The group of its runs; null when there is none. */
  readonly concurrency: RunGroupSpec | null;
  /** The `run-name`: the display name of its runs, which may have expressions; null for none. */
  readonly runName: string | null;
  /** How long a run may take, in seconds, from its first job on; null for no limit. */
  readonly timeoutSecs: number | null;
  /** The server variables that its expressions name; mostly none. */
  readonly variables: readonly string[];
  /** The top-level `env`. Each job's own `env` has it merged in already. */
  readonly env: Env;
  /** In the order they were written. */
  readonly jobs: readonly JobDefinition[];
}

/** Environment variables by name; an object without a prototype. */
export type Env = Readonly<Record<string, string>>;

export interface JobDefinition {
  /** Unique in its workflow. */
  readonly key: string;
  readonly name: string;
  /** The jobs that must end first: indexes into the workflow's `jobs`, in written order, without repeats. */
  readonly needs: readonly number[];
  readonly labels: LabelSet;
  readonly retry: RetryPolicy;
  /** Whether its failure counts as success for its run and its dependents. */
  readonly continueOnError: boolean;
  /** Its group; null when there is none. */
  readonly concurrency: JobGroupSpec | null;
  /** From -1000 to 1000; the highest goes first. */
  readonly priority: number;
  /** Timeout of an attempt in seconds, possibly fractional; null for none. */
  readonly timeoutSecs: number | null;
  /** How long it may be claimable or held, in seconds, possibly fractional; null for no limit. */
  readonly queueTimeoutSecs: number | null;
  /** The source of `if`, already parsed and checked; null means `success()`. */
  readonly condition: string | null;
  /** What makes it a node with children; null for a job that is run itself. */
  readonly strategy: Strategy | null;
  /** Expressions that are evaluated for each run; null for none. */
  readonly expressions: JobExpressions | null;
  /** The types of the declared inputs that its expressions read; null when none are declared. */
  readonly inputTypes: InputTypes | null;
  /** Top-level and job `env` merged; the job's wins. */
  readonly env: Env;
  /** Empty for a job with a plain `run`. */
  readonly steps: readonly StepDefinition[];
  /** The script that a worker runs with `sh -c`: `run` or the steps, with `env` set. */
  readonly command: string;
  readonly metadata: JsonObject | null;
}

/** By name; an object without a prototype. */
export type InputTypes = Readonly<Record<string, InputType>>;

/**
 * How a script of a file runs. `sh`: in the worker's `sh`, stopping at the first command that fails (`set -e`). `bash`:
 * in bash, with `-e` and `pipefail`. `plain`: in the worker's `sh`, exactly as written.
 */
export type Shell = (typeof shells)[number];

export const shells = ['sh', 'bash', 'plain'] as const;

export interface StepDefinition {
  /** As written, or `step-N` with N from 1. Unique in its job. */
  readonly id: string;
  readonly name: string;
  readonly run: string;
  /** What this step adds to the job's `env`. */
  readonly env: Env;
}

export type DefinitionFormat = 'yaml' | 'json';

export type DefinitionResult =
  /** Warnings are about valid parts that are hardly meant. */
  | { readonly ok: true; readonly definition: WorkflowDefinition; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };
