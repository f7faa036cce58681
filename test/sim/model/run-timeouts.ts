import type { Model } from './model.js';
import type { ModelRun, StoredEvent } from './states.js';

/** How long the clean-up jobs of a run with a timeout have at least. */
const cleanUpMs = 10 * 60_000;

/** The time of a run begins: with its first claim, or with its place in its group. */
export function beginRunTimeout(run: ModelRun, atMs: number): void {
  const { timeoutSecs = null } = run.definition;
  run.deadlineMs = timeoutSecs === null ? null : atMs + timeoutSecs * 1000;
  run.deadlineSinceMs = 0;
}

/** Somebody cancels a run: its clean-up jobs have their time. */
export function cancelRunTimeout(run: ModelRun, atMs: number, isForced: boolean): void {
  if (run.deadlineMs === null) return;
  run.deadlineMs = isForced ? null : Math.max(run.deadlineMs, atMs + cleanUpMs);
}

/** A run has taken too long: it is cancelled, and after the time for its clean-up jobs those are too. */
export function applyRunTimeout(model: Model, run: ModelRun, event: StoredEvent, isForced: boolean): void {
  const refuse = (why: string) => model.violated('a run is cancelled after its timeout', `${run.no}: ${why}`);
  const { deadlineMs } = run;
  if (deadlineMs === null) refuse('it has none, or its time has not begun');
  else if (event.at_ms < deadlineMs - model.waitErrorMsMax) refuse(`${deadlineMs - event.at_ms} ms early`);
  if (isForced !== run.cancelRequests > 0) refuse(isForced ? 'its clean-up jobs end at once' : 'its clean-up goes on');
  if (run.cancelRequests === 0) run.isTimedOut = true;
  run.deadlineMs = isForced ? null : event.at_ms + cleanUpMs;
  run.isForcedByTimeout ||= isForced;
  model.world.count(isForced ? 'clean-up of a run timed out' : 'run timed out');
}
