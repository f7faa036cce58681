import { Random } from '../../crash/random.js';
import type { Definition, JobDef } from './definitions.js';
import type { ModelAttempt, ModelJob } from './states.js';

/** A cause of a retry: `lost`, `timeout`, `failure`, or exit codes. */
export type RetryCause = 'lost' | 'timeout' | 'failure' | { readonly from: number; readonly to: number };

/** What a worker must offer for a job whose retries depend on exit codes. */
export const exitCodesLabel = 'feature:exit-codes';

/** The exit codes that workers report. */
export const exitCodes = [1, 75, 130] as const;

const causes: readonly (readonly RetryCause[])[] = [
  ['lost'],
  ['timeout', 'failure'],
  ['lost', 'timeout'],
  ['failure'],
  ['lost', { from: 75, to: 75 }],
  ['lost', 'timeout', { from: 128, to: 255 }],
  [{ from: 1, to: 100 }],
];

/**
 * The definition with `queue-timeout`, `retry-on`, `continue-on-error`, `max-parallel` and a `timeout` of the run; drawn by
 * chances of its own, so that other worlds stay as they were.
 */
export function withKeys(definition: Definition, seed: number): Definition {
  if (definition.format !== 'json' || definition.isLarge) return definition;
  const random = new Random(seed);
  const written = JSON.parse(definition.text) as Written;
  const jobs = definition.jobs.map((job): JobDef => withKeysOfJob(job, written.jobs[job.key] ?? {}, random));
  const timeoutSecs = random.chance(0.35) ? random.pick([2, 5, 10, 20, 40]) : null;
  if (timeoutSecs !== null) written.timeout = timeoutSecs;
  return { ...definition, jobs, timeoutSecs, text: JSON.stringify(written) };
}

interface Written {
  readonly jobs: Record<string, Record<string, unknown>>;
  timeout?: number;
}

/** Draws the keys of a job, and writes them into its text. */
function withKeysOfJob(job: JobDef, text: Record<string, unknown>, random: Random): JobDef {
  const queueTimeoutSecs = random.chance(0.3) ? random.pick([1, 2, 4, 8, 20]) : null;
  const retryOn = random.chance(0.35) ? random.pick(causes) : null;
  const tolerates = random.chance(0.25);
  const places = job.matrix?.isDynamic === true ? [3, 12, 40] : [1, 1, 2, 3];
  const maxParallel = job.matrix != null && random.chance(0.6) ? random.pick(places) : null;
  if (queueTimeoutSecs !== null) {
    text['queue-timeout'] = random.chance(0.3) ? `\${{ ${queueTimeoutSecs} }}s` : queueTimeoutSecs;
  }
  if (retryOn !== null) text['retry-on'] = retryOn.map(causeText);
  if (tolerates) text['continue-on-error'] = true;
  const dependsOnCode = retryOn?.some((cause) => typeof cause !== 'string') === true;
  const labels = dependsOnCode ? [...job.labels, exitCodesLabel] : job.labels;
  if (job.matrix == null) return { ...job, labels, queueTimeoutSecs, retryOn, tolerates };
  if (maxParallel !== null) text.strategy = { ...(text.strategy as object), 'max-parallel': maxParallel };
  // A failure that is tolerated cancels nothing.
  const failFast = job.matrix.failFast && !tolerates;
  return { ...job, labels, queueTimeoutSecs, retryOn, tolerates, matrix: { ...job.matrix, failFast, maxParallel } };
}

function causeText(cause: RetryCause): string | number {
  if (typeof cause === 'string') return cause;
  return cause.from === cause.to ? cause.from : `${cause.from}-${cause.to}`;
}

/** Whether `retry-on` allows a retry after this end. */
export function mayRetryAfter(
  { retryOn = null }: JobDef,
  outcome: ModelAttempt['outcome'],
  exitCode: number | null,
): boolean {
  if (retryOn === null) return true;
  if (outcome === 'lease_expired') return retryOn.includes('lost');
  if (outcome === 'timed_out') return retryOn.includes('timeout');
  return retryOn.some(
    (cause) =>
      cause === 'failure' ||
      (typeof cause !== 'string' && exitCode !== null && cause.from <= exitCode && exitCode <= cause.to),
  );
}

/** Whether the job failed, and that counts as success. */
export function isTolerated({ state, def }: ModelJob): boolean {
  return state === 'failure' && def.tolerates === true;
}

/** How many children of its node may be claimable or running at once; null for any number, and for a job that is no child. */
export function maxParallelOf({ node }: ModelJob): number | null {
  return node?.def.matrix?.maxParallel ?? null;
}
