import { JobPhase } from '../../../gen/workflowgraph/v1/run_service_pb.js';
import { DomainError } from '../../domain/errors.js';
import type { JobState } from '../../domain/states.js';

const phases: Readonly<Record<JobState, JobPhase>> = {
  waiting: JobPhase.WAITS_FOR_NEEDS,
  held: JobPhase.WAITS_FOR_PLACE,
  delayed: JobPhase.DELAYED,
  queued: JobPhase.WAITS_FOR_WORKER,
  running: JobPhase.RUNNING,
  open: JobPhase.RUNNING,
  success: JobPhase.SUCCESS,
  failure: JobPhase.FAILURE,
  skipped: JobPhase.SKIPPED,
  cancelled: JobPhase.CANCELLED,
};

const states = Map.groupBy(Object.keys(phases) as JobState[], (state) => phases[state]);

export function toWireJobPhase(state: JobState): JobPhase {
  return phases[state];
}

/**
 * The states of a job that are shown as a phase.
 *
 * @throws DomainError `malformed` for a number that this version does not know. */
export function fromWireJobPhases(field: string, phase: JobPhase): readonly JobState[] {
  const found = states.get(phase);
  if (found !== undefined) return found;
  throw new DomainError('malformed', `${field}: ${phase} is not a phase of a job`);
}
