import type { Job, JobStatus, RunState } from '@workflow-graph/client';
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

/** Whether a run with this state goes on; null is a workflow that has not run. */
export function isOpen(state: RunState | null): boolean {
  return state === 'queued' || state === 'running';
}

/** Milliseconds that a job's last attempt has taken so far; null before the first. */
export function tookMs(job: Pick<Job, 'started_at' | 'ended_at' | 'status'>, nowMs: number): number | null {
  if (job.started_at === null) return null;
  if (job.ended_at != null) return job.ended_at - job.started_at;
  return job.status === 'running' ? Math.max(0, nowMs - job.started_at) : null;
}
