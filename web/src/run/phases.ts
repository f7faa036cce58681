import { JobPhase } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { RunState } from '../../gen/workflowgraph/v1/types_pb.js';

/** The look of a state. Runs and jobs share the looks. */
export type Look =
  | 'blocked'
  | 'held'
  | 'delayed'
  | 'waiting'
  | 'running'
  | 'success'
  | 'failure'
  | 'skipped'
  | 'cancelled';

export const looks: readonly Look[] = [
  'failure',
  'running',
  'waiting',
  'delayed',
  'held',
  'blocked',
  'cancelled',
  'skipped',
  'success',
];

const ofPhase: Readonly<Record<JobPhase, Look>> = {
  [JobPhase.UNSPECIFIED]: 'blocked',
  [JobPhase.ABSENT]: 'blocked',
  [JobPhase.WAITS_FOR_NEEDS]: 'blocked',
  [JobPhase.WAITS_FOR_PLACE]: 'held',
  [JobPhase.DELAYED]: 'delayed',
  [JobPhase.WAITS_FOR_WORKER]: 'waiting',
  [JobPhase.RUNNING]: 'running',
  [JobPhase.SUCCESS]: 'success',
  [JobPhase.FAILURE]: 'failure',
  [JobPhase.SKIPPED]: 'skipped',
  [JobPhase.CANCELLED]: 'cancelled',
};

export function lookOfPhase(phase: JobPhase): Look {
  return ofPhase[phase] ?? 'blocked';
}

const ofState: Readonly<Record<RunState, Look>> = {
  [RunState.UNSPECIFIED]: 'blocked',
  [RunState.QUEUED]: 'waiting',
  [RunState.RUNNING]: 'running',
  [RunState.SUCCESS]: 'success',
  [RunState.FAILURE]: 'failure',
  [RunState.CANCELLED]: 'cancelled',
};

export function lookOfState(state: RunState | undefined): Look {
  return ofState[state ?? RunState.UNSPECIFIED] ?? 'blocked';
}

/** The word for a job's state. */
export const jobWords: Readonly<Record<Look, string>> = {
  blocked: 'waits for needs',
  held: 'waits for a place',
  delayed: 'waits for its retry',
  waiting: 'waits for a worker',
  running: 'running',
  success: 'succeeded',
  failure: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** The word for the state of one job of a run. */
export function wordOfJob({ look, isTolerated }: { readonly look: Look; readonly isTolerated: boolean }): string {
  return isTolerated ? 'failed, tolerated' : jobWords[look];
}

/** The plural form. */
export const manyJobsWords: Readonly<Record<Look, string>> = {
  ...jobWords,
  blocked: 'wait for needs',
  held: 'wait for a place',
  delayed: 'wait for their retry',
  waiting: 'wait for a worker',
};

/** The word for a run's state. */
export const runWords: Readonly<Record<Look, string>> = {
  ...jobWords,
  blocked: 'never ran',
  waiting: 'queued',
};

export function isOver(look: Look): boolean {
  return look === 'success' || look === 'failure' || look === 'skipped' || look === 'cancelled';
}
