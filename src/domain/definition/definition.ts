import type { JsonObject } from '../json.js';
import type { LabelSet } from '../labels.js';
import type { Problem } from '../problem.js';
import type { RetryPolicy } from '../retry.js';

/** A workflow as it may be run: every key is unique, every need exists, there is no cycle, every limit is kept. */
export interface WorkflowDefinition {
  readonly name: string;
  /** What `on` says; several are joined by ", ". Empty when it says nothing. */
  readonly trigger: string;
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
  /** From -1000 to 1000; the highest goes first. */
  readonly priority: number;
  /** How long an attempt may take, in seconds (a fraction is kept); null for no limit. */
  readonly timeoutSecs: number | null;
  /** The source of `if`, parsed and checked already; null means `success()`. */
  readonly condition: string | null;
  /** Top-level and job `env` merged; the job's wins. */
  readonly env: Env;
  /** Empty for a job with a plain `run`. */
  readonly steps: readonly StepDefinition[];
  /** The script that a worker runs with `sh -c`: `run` or the steps, with `env` set. */
  readonly command: string;
  readonly metadata: JsonObject | null;
}

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
  | { readonly ok: true; readonly definition: WorkflowDefinition }
  | { readonly ok: false; readonly problems: readonly Problem[] };
