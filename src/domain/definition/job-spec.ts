import type { JobGroupSpec } from '../gates/job-gates.js';
import type { JsonObject } from '../json.js';
import type { MatrixSpec } from '../matrix/matrix-spec.js';
import type { RetryPolicy } from '../retry.js';
import type { Env, InputTypes, StepDefinition } from './definition.js';
import type { JobExpressions } from './job-expressions.js';
/** The part of a job's definition that workers or readers need. */
export interface JobSpec {
  readonly name: string;
  readonly command: string;
  readonly labels: readonly string[];
  /** The keys of its needs. */
  readonly needs: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeoutSecs: number | null;
  readonly priority: number;
  readonly env: Env;
  readonly steps: readonly StepDefinition[];
  readonly metadata: JsonObject | null;
  readonly condition: string | null;
  /** Expressions that are evaluated for each run; absent when there are none. */
  readonly expressions?: JobExpressions;
  /** What makes it a node with children; absent for a job that is run itself. */
  readonly matrix?: MatrixSpec;
  /** Whether any worker may run it, whatever its evaluated labels are; absent when not. */
  readonly anyWorker?: boolean;
  /** How long it may be claimable or held, in seconds; absent for no limit. */
  readonly queueTimeoutSecs?: number;
  /** Whether its failure counts as success for its run and its dependents; absent when not. */
  readonly continueOnError?: boolean;
  /** Its group; absent when there is none. */
  readonly concurrency?: JobGroupSpec;
  /** The types of the declared inputs that its expressions read; absent when none are declared. */
  readonly inputTypes?: InputTypes;
}
