import type { Job, JobStatus, RunState } from '#client';
import type { Paint } from './terminal/palette.js';

type State = JobStatus | RunState | 'unrun';

const marks: Readonly<Record<State, string>> = {
  queued: '·',
  running: '▸',
  success: '✓',
  failure: '✗',
  skipped: '○',
  cancelled: '⊘',
  unrun: '·',
};

const colours: Readonly<Record<State, Parameters<Paint>[0]>> = {
  queued: 'dim',
  running: 'cyan',
  success: 'green',
  failure: 'red',
  skipped: 'dim',
  cancelled: 'yellow',
  unrun: 'dim',
};

/** One character for a state. */
export function markOf(state: State): string {
  return marks[state];
}

export function paintState(paint: Paint, state: State, text: string = state): string {
  return paint(colours[state], text);
}

/** The state of a job in one or two words. */
export function stateOfJob({ status, tolerated, children }: Pick<Job, 'status' | 'tolerated' | 'children'>): string {
  const state = tolerated === true ? `${status} (tolerated)` : status;
  return children == null ? state : `${state} (${childrenText(children)})`;
}

/** How the children of a job with a matrix stand: `3 of 10, 1 failed`. */
function childrenText({ total, open, failed }: NonNullable<Job['children']>): string {
  const ended = open === 0 ? `${total} children` : `${total - open} of ${total} children`;
  return failed === 0 ? ended : `${ended}, ${failed} failed`;
}

/** Whether a run in this state has not ended; null is a workflow that has not run. */
export function isOpen(state: RunState | null): boolean {
  return state === 'queued' || state === 'running';
}

/** Milliseconds that a job's last attempt has taken so far; null before the first. */
export function tookMs(job: Pick<Job, 'started_at' | 'ended_at' | 'status'>, nowMs: number): number | null {
  if (job.started_at === null) return null;
  if (job.ended_at != null) return job.ended_at - job.started_at;
  return job.status === 'running' ? Math.max(0, nowMs - job.started_at) : null;
}
