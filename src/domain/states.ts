/**
 * The states of a job in a run, and its possible transitions.
 *
 * Readers of the API see the first four as `queued`, and `open` as `running`.
 */
export type JobState =
  | 'waiting' // needs are open
  | 'held' // waits at a gate for a place
  | 'delayed' // a failed attempt waits for its retry
  | 'queued' // claimable
  | 'running' // leased
  | 'open' // its children have not ended
  | 'success'
  | 'failure'
  | 'skipped'
  | 'cancelled';

/** A job's state as the API shows it. */
export type JobStatus = 'queued' | 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';

export type RunState = 'queued' | 'running' | 'success' | 'failure' | 'cancelled';

/**
 * One line for each edge: from, event, to. The statements name the state that they expect; tests of the engine check
 * that together they take these edges and no others, and the diagram in docs/protocol.md is generated from this table.
 */
export const jobTransitions = [
  ['waiting', 'needs_met', 'queued'],
  ['waiting', 'gate', 'held'],
  ['waiting', 'needs_met_by_node', 'open'],
  ['waiting', 'no_combination', 'success'],
  ['waiting', 'condition_false', 'skipped'],
  ['waiting', 'expression_failed', 'failure'],
  ['waiting', 'cancel', 'cancelled'],
  ['held', 'admit', 'queued'],
  ['held', 'queue_timeout', 'failure'],
  ['held', 'cancel', 'cancelled'],
  ['held', 'resume', 'waiting'],
  ['queued', 'pause', 'held'],
  ['queued', 'claim', 'running'],
  ['queued', 'queue_timeout', 'failure'],
  ['queued', 'cancel', 'cancelled'],
  ['running', 'complete', 'success'],
  ['running', 'fail', 'failure'],
  ['running', 'retry_now', 'queued'],
  ['running', 'retry_later', 'delayed'],
  ['running', 'release', 'queued'],
  ['running', 'cancel', 'cancelled'],
  ['open', 'children_ended', 'success'],
  ['open', 'children_ended', 'failure'],
  ['open', 'children_ended', 'cancelled'],
  ['delayed', 'due', 'queued'],
  ['delayed', 'cancel', 'cancelled'],
  ['held', 'rerun', 'waiting'],
  ['queued', 'rerun', 'waiting'],
  ['delayed', 'rerun', 'waiting'],
  ['success', 'rerun', 'waiting'],
  ['failure', 'rerun', 'waiting'],
  ['skipped', 'rerun', 'waiting'],
  ['cancelled', 'rerun', 'waiting'],
] as const satisfies readonly (readonly [JobState, string, JobState])[];

const ended: ReadonlySet<JobState> = new Set(['success', 'failure', 'skipped', 'cancelled']);

/** Whether the job has reached a final state, which only a re-run can leave. */
export function hasEnded(state: JobState): boolean {
  return ended.has(state);
}

/** Whether all jobs of the run have ended. */
export function runHasEnded(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

export function jobStatus(state: JobState): JobStatus {
  if (state === 'open') return 'running';
  return state === 'waiting' || state === 'held' || state === 'delayed' ? 'queued' : state;
}

/** What a run's counters say about its jobs. */
export interface RunTally {
  /** Jobs that have not ended. */
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Whether any job was ever claimed. */
  readonly started: boolean;
  /** Whether it was cancelled because it took longer than its timeout. */
  readonly timedOut: boolean;
}

/** The state of a run: a function of its jobs. */
export function runState(tally: RunTally): RunState {
  if (tally.open > 0) return tally.started ? 'running' : 'queued';
  if (tally.timedOut) return 'failure';
  if (tally.cancelled > 0) return 'cancelled';
  return tally.failed > 0 ? 'failure' : 'success';
}

/** What started a run. */
export const runTriggers = ['api', 'schedule'] as const;
export type RunTrigger = (typeof runTriggers)[number];
