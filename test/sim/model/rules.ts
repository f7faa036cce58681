import type { BackoffDef } from './definitions.js';
import { isTolerated } from './keys.js';
import { endStates, type ModelJob, type ModelRun, type ModelState } from './states.js';

/** What must become of a waiting job, or null while a need of it is open. Written from the documents, not from the code. */
export function verdictOn(run: ModelRun, job: ModelJob): ModelState | null {
  // Its node was decided, and with it its children.
  const verdict = job.node === null ? verdictOfNeeds(run, job) : 'queued';
  if (verdict !== 'queued') return verdict;
  if (job.def.expressions === 'broken') return 'failure';
  const { matrix = null } = job.def;
  if (matrix === null) return 'queued';
  const combinations = matrix.combinations(run);
  if (combinations === null) return 'failure';
  return combinations.length === 0 ? 'success' : 'open';
}

function verdictOfNeeds(run: ModelRun, job: ModelJob): ModelState | null {
  const needs = job.def.needs.map((ord) => jobAt(run, ord));
  if (needs.some((need) => !hasStopped(run, need))) return null;
  const { condition } = job.def;
  const counted = needs.map((need) => (isTolerated(need) ? 'success' : need.state));
  if (condition === null) return counted.every((state) => state === 'success') ? 'queued' : 'skipped';
  const runCancelled = run.cancelRequests > 0;
  if (run.isForced || run.isForcedByGroup) return 'cancelled';
  if (runCancelled && !condition.survivesCancel) return 'cancelled';
  const byKey = new Map(needs.map((need) => [need.def.key, need]));
  const holds = condition.holds({
    results: counted,
    result: (key) => byKey.get(key)?.state ?? '',
    output: (key, name) => byKey.get(key)?.outputs.get(name) ?? null,
    inputs: run.inputs,
    runCancelled,
  });
  return holds ? 'queued' : 'skipped';
}

/**
 * Whether a job has ended, and nothing of it, or of what it waited for when it was cancelled, is still being stopped: only
 * then are the jobs decided that need it.
 */
export function hasStopped(run: ModelRun, job: ModelJob): boolean {
  if (!endStates.has(job.state)) return false;
  if (job.state !== 'cancelled') return true;
  if (job.attempts.at(-1)?.outcome === null) return false;
  return job.def.needs.every((ord) => {
    const need = jobAt(run, ord);
    // One that a re-run let wait again since then had stopped before that.
    return hasStopped(run, need) || need.resetAtMs >= job.cancelledAtMs;
  });
}

/** Whether a child counts as ended for its node: its attempt has stopped too. */
export function stoppedChild({ state, attempts }: ModelJob): boolean {
  return endStates.has(state) && attempts.at(-1)?.outcome !== null;
}

/** The least and the most that the retry after this attempt may wait, in milliseconds. */
export function retryDelay(backoff: BackoffDef, attempt: number): { leastMs: number; mostMs: number } {
  if (backoff.kind === 'none') return { leastMs: 0, mostMs: 0 };
  if (backoff.kind === 'fixed') return { leastMs: backoff.baseSecs * 1000, mostMs: backoff.baseSecs * 1000 };
  const secs = Math.min(backoff.baseSecs * 2 ** attempt, backoff.maxSecs);
  return { leastMs: secs * (backoff.jitter ? 500 : 1000), mostMs: secs * 1000 };
}

/** The state of a run, from its jobs. */
export function stateOfRun(run: ModelRun): string {
  const states = run.jobs.map((job) => (isTolerated(job) ? 'success' : job.state));
  if (states.every((state) => endStates.has(state))) {
    if (run.isTimedOut) return 'failure';
    if (states.includes('cancelled')) return 'cancelled';
    return states.includes('failure') ? 'failure' : 'success';
  }
  return hasBegun(run) ? 'running' : 'queued';
}

/** Whether a job of the run was ever claimed, or opened for its children. */
export function hasBegun(run: ModelRun): boolean {
  return run.hasOpened || run.jobs.some((job) => job.attempts.length > 0);
}

function jobAt(run: ModelRun, ord: number): ModelJob {
  const job = run.jobs[ord];
  if (job === undefined) throw new Error(`run ${run.id} has no job ${ord}`);
  return job;
}

/** Whether the first of two queued jobs goes before the other. */
export function goesBefore(a: { run: ModelRun; job: ModelJob }, b: { run: ModelRun; job: ModelJob }): boolean {
  if (a.job.def.priority !== b.job.def.priority) return a.job.def.priority > b.job.def.priority;
  if (a.job.enqueuedAtMs !== b.job.enqueuedAtMs) return a.job.enqueuedAtMs < b.job.enqueuedAtMs;
  return a.run.no !== b.run.no ? a.run.no < b.run.no : a.job.def.ord < b.job.def.ord;
}
