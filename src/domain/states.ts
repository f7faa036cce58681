/**
 * The states of a job in a run, and what may become of each.
 *
 * Readers of the API see the first three as `queued`.
 */
export type JobState =
  | 'waiting' // needs are open
  | 'delayed' // a failed attempt waits for its retry
  | 'queued' // claimable
  | 'running' // leased
  | 'success'
  | 'failure'
  | 'skipped'
  | 'cancelled';

/** A job's state as the API shows it. */
export type JobStatus = 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';

export type RunState = 'queued' | 'running' | 'success' | 'failure' | 'cancelled';

/**
 * One line per edge: from, what happens, to. The statements name the state that they expect; that together they walk these
 * edges and no other is what tests of the engine end with, and the diagram in docs/protocol.md is made from here.
 */
export const jobTransitions = [
  ['waiting', 'needs_met', 'queued'],
  ['waiting', 'condition_false', 'skipped'],
  ['waiting', 'cancel', 'cancelled'],
  ['queued', 'claim', 'running'],
  ['queued', 'cancel', 'cancelled'],
  ['running', 'complete', 'success'],
  ['running', 'fail', 'failure'],
  ['running', 'retry_now', 'queued'],
  ['running', 'retry_later', 'delayed'],
  ['running', 'release', 'queued'],
  ['running', 'cancel', 'cancelled'],
  ['delayed', 'due', 'queued'],
  ['delayed', 'cancel', 'cancelled'],
] as const satisfies readonly (readonly [JobState, string, JobState])[];

const ended: ReadonlySet<JobState> = new Set(['success', 'failure', 'skipped', 'cancelled']);

/** Whether nothing can happen to the job any more. */
export function hasEnded(state: JobState): boolean {
  return ended.has(state);
}

export function jobStatus(state: JobState): JobStatus {
  return state === 'waiting' || state === 'delayed' ? 'queued' : state;
}

/** What a run's counters say of its jobs. */
export interface RunTally {
  /** Jobs that have not ended. */
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Whether any job was ever claimed. */
  readonly started: boolean;
}

/** The state of a run: a function of its jobs. */
export function runState(tally: RunTally): RunState {
  if (tally.open > 0) return tally.started ? 'running' : 'queued';
  if (tally.cancelled > 0) return 'cancelled';
  return tally.failed > 0 ? 'failure' : 'success';
}
