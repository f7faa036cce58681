import type { JobPlan, Scenario, Step } from './scenario.js';
import { timeFactor } from './time-factor.js';

/** Leases of a few seconds work on a machine that is slower than the reference by this factor. */
const holdsUpTo = 5;

/** Waiting takes time, too: a scenario takes at most this many times as long. */
const mostPace = 3;

/** The default lease time of clients. */
const usualLeaseSecs = 30;

/**
 * The lease time of workers whose scenario sets none: the default, or longer where even starting a server may take that
 * long.
 */
export function leaseTtlSecs(factor = timeFactor): number {
  return Math.round(usualLeaseSecs * Math.min(10, Math.max(1, factor / holdsUpTo)));
}

/**
 * A short-lease scenario, stretched for a slow machine: a lease of two seconds would expire there while its worker
 * waits for the processor. Leases, sleeps and pauses are multiplied by the same factor, so their ratios stay the same.
 */
export function atPace(scenario: Scenario, factor = timeFactor): Scenario {
  const pace = Math.min(mostPace, Math.max(1, Math.round(factor / holdsUpTo)));
  const hasLease = scenario.script.some(({ options }) => options?.lease_ttl_secs !== undefined);
  if (pace === 1 || !hasLease) return scenario;
  const jobs = Object.entries(scenario.jobs).map(([key, plan]) => [key, slowerJob(plan, pace)] as const);
  return {
    ...scenario,
    jobs: Object.fromEntries(jobs),
    script: scenario.script.map((step) => slowerStep(step, pace)),
    ...(scenario.within_ms === undefined ? {} : { within_ms: scenario.within_ms * pace }),
  };
}

function slowerJob(plan: JobPlan, pace: number): JobPlan {
  return plan.steps === undefined
    ? plan
    : { ...plan, steps: plan.steps.map((step) => slower(step, ['sleep_ms', 'block_ms', 'ignore_cancel_ms'], pace)) };
}

function slowerStep(step: Step, pace: number): Step {
  const slowed = slower(step, ['sleep_ms', 'down_ms', 'within_ms', 'expect_within_ms'], pace);
  return step.options === undefined ? slowed : { ...slowed, options: slower(step.options, ['lease_ttl_secs'], pace) };
}

/** The same object with the given fields multiplied where present. */
function slower<T extends object>(object: T, names: readonly string[], pace: number): T {
  const grown = Object.entries(object).filter(([name, value]) => names.includes(name) && typeof value === 'number');
  return { ...object, ...Object.fromEntries(grown.map(([name, value]) => [name, value * pace])) };
}
