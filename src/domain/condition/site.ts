import { type DeclaredInputs, type RunField, runFields } from './expression.js';

export type ContextName = 'needs' | 'inputs' | 'vars' | 'run' | 'matrix' | 'job';

/** Where an expression is written, which decides what it may read. */
export interface Site {
  /** Its name in errors: `the condition`. */
  readonly what: string;
  readonly contexts: readonly ContextName[];
  /** Whether `success()` and the like are allowed, and the result counts as true or false. */
  readonly isCondition: boolean;
  /** Whether `job.attempt` is known. */
  readonly hasAttempt: boolean;
  /** The fields of `run`; all of them when absent. */
  readonly runFields?: readonly RunField[];
}

/** The places of a workflow file. */
export const sites = {
  if: { what: 'the condition', contexts: ['needs', 'inputs', 'vars', 'run'], isCondition: true, hasAttempt: false },
  /** Evaluated when the needs of a job have ended. */
  job: {
    what: 'the expression',
    contexts: ['needs', 'inputs', 'vars', 'run', 'matrix', 'job'],
    isCondition: false,
    hasAttempt: false,
  },
  /** Evaluated when the needs of a job have ended, before it has children. */
  matrix: {
    what: 'the expression',
    contexts: ['needs', 'inputs', 'vars', 'run'],
    isCondition: false,
    hasAttempt: false,
  },
  /** Evaluated for each attempt. */
  env: {
    what: 'the expression',
    contexts: ['needs', 'inputs', 'vars', 'run', 'matrix', 'job'],
    isCondition: false,
    hasAttempt: true,
  },
  /** Evaluated when a run starts. */
  start: {
    what: 'the expression',
    contexts: ['inputs', 'vars', 'run'],
    isCondition: false,
    hasAttempt: false,
    runFields: ['id', 'workflow', 'trigger', 'scheduled_at'],
  },
  /** The same, for the name of the run. */
  runName: {
    what: 'the expression',
    contexts: ['inputs', 'vars', 'run'],
    isCondition: false,
    hasAttempt: false,
    runFields: runFields.filter((field) => field !== 'name'),
  },
  /** Evaluated when a run starts without the input, before its other values are known. */
  inputDefault: {
    what: 'the expression',
    contexts: ['vars', 'run'],
    isCondition: false,
    hasAttempt: false,
    runFields: ['scheduled_at'],
  },
  /** Evaluated when a slot of a schedule is taken, before there is a run. */
  schedule: {
    what: 'the expression',
    contexts: ['vars', 'run'],
    isCondition: false,
    hasAttempt: false,
    runFields: ['scheduled_at'],
  },
} as const satisfies Readonly<Record<string, Site>>;

/** An expression's place, and the inputs that it may read. */
export interface ParseFor {
  readonly site: Site;
  readonly inputs: DeclaredInputs;
  /** The names that `matrix` has; null when they are known only at run time. Absent for a job that has none. */
  readonly matrix?: ReadonlySet<string> | null;
}
