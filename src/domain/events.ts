import type { JobState, RunState } from './states.js';

/** The event of each state that a run reaches. */
export const runEvents = {
  queued: 'run.queued',
  running: 'run.running',
  success: 'run.success',
  failure: 'run.failure',
  cancelled: 'run.cancelled',
} as const satisfies Record<RunState, string>;

/** The event of each state that a job reaches. `job.waiting` is that of a re-run; the first waiting has no event. */
export const jobEvents = {
  waiting: 'job.waiting',
  held: 'job.held',
  queued: 'job.queued',
  delayed: 'job.delayed',
  running: 'job.running',
  open: 'job.open',
  success: 'job.success',
  failure: 'job.failure',
  skipped: 'job.skipped',
  cancelled: 'job.cancelled',
} as const satisfies Record<JobState, string>;

/** Every type of event: a reached state, or a request that precedes one. */
export type EventType =
  | (typeof runEvents)[keyof typeof runEvents]
  | (typeof jobEvents)[keyof typeof jobEvents]
  | 'run.admitted'
  | 'run.cancel_requested'
  | 'run.rerun'
  | 'job.stopping';

const endOfRun: ReadonlyMap<EventType, RunState> = new Map([
  [runEvents.success, 'success'],
  [runEvents.failure, 'failure'],
  [runEvents.cancelled, 'cancelled'],
]);

const endOfJob: ReadonlySet<EventType> = new Set([
  jobEvents.success,
  jobEvents.failure,
  jobEvents.skipped,
  jobEvents.cancelled,
]);

/** The state in which this event ends a run; null when it does not end one. */
export function endsRun(type: EventType): RunState | null {
  return endOfRun.get(type) ?? null;
}

export function endsJob(type: EventType): boolean {
  return endOfJob.has(type);
}
