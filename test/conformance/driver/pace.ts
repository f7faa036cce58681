import type { JobPlan, Scenario, Step } from './scenario.js';
import { timeFactor } from './time-factor.js';

/** Leases of a few seconds hold on a machine that is this much slower than the reference. */
const holdsUpTo = 5;

/** Waiting costs time, too: a scenario takes no more than this many times as long. */
const mostPace = 3;

/** What clients have by themselves. */
const usualLeaseSecs = 30;

/**
 * The lease of workers for which a scenario names none: the usual one, or a longer one where even the start of a server may
 * take as long as that.
 */
export function leaseTtlSecs(factor = timeFactor): number {
  return Math.round(usualLeaseSecs * Math.min(10, Math.max(1, factor / holdsUpTo)));
}

/**
 * A scenario of short leases, slowed down on a slow machine: a lease of two seconds expires there while its worker waits
 * for the processor. Leases, sleeps and pauses grow by the same factor, so that they relate as they did.
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

/** The same object, of which those fields that are there have grown. */
function slower<T extends object>(object: T, names: readonly string[], pace: number): T {
  const grown = Object.entries(object).filter(([name, value]) => names.includes(name) && typeof value === 'number');
  return { ...object, ...Object.fromEntries(grown.map(([name, value]) => [name, value * pace])) };
}
