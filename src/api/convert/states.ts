import {
  ErrorReason,
  LogStream,
  JobStatus as WireJobStatus,
  RunState as WireRunState,
  StopReason as WireStopReason,
} from '../../../gen/workflowgraph/v1/types_pb.js';
import { WorkerStatus as WireWorkerStatus } from '../../../gen/workflowgraph/v1/worker_service_pb.js';
import { type ConflictReason, DomainError } from '../../domain/errors.js';
import type { StopReason } from '../../domain/lease.js';
import type { JobStatus, RunState } from '../../domain/states.js';
import type { WorkerView } from '../../engine/engine.js';

/**
 * The enums of the wire and the unions of the domain, each way a total table. A number that this version does not know
 * is refused here.
 */

const jobStatuses: Record<JobStatus, WireJobStatus> = {
  queued: WireJobStatus.QUEUED,
  running: WireJobStatus.RUNNING,
  success: WireJobStatus.SUCCESS,
  failure: WireJobStatus.FAILURE,
  skipped: WireJobStatus.SKIPPED,
  cancelled: WireJobStatus.CANCELLED,
};

const runStates: Record<RunState, WireRunState> = {
  queued: WireRunState.QUEUED,
  running: WireRunState.RUNNING,
  success: WireRunState.SUCCESS,
  failure: WireRunState.FAILURE,
  cancelled: WireRunState.CANCELLED,
};

const workerStatuses: Record<WorkerView['status'], WireWorkerStatus> = {
  idle: WireWorkerStatus.IDLE,
  busy: WireWorkerStatus.BUSY,
  offline: WireWorkerStatus.OFFLINE,
};

const errorReasons: Record<ConflictReason, ErrorReason> = {
  lease_expired: ErrorReason.LEASE_EXPIRED,
  superseded: ErrorReason.SUPERSEDED,
  completed: ErrorReason.COMPLETED,
  cancelled: ErrorReason.CANCELLED,
  unknown_lease: ErrorReason.UNKNOWN_LEASE,
  job_running: ErrorReason.JOB_RUNNING,
  dependant_running: ErrorReason.DEPENDANT_RUNNING,
};

const stopReasons: Record<StopReason, WireStopReason> = {
  cancelled: WireStopReason.CANCELLED,
  timed_out: WireStopReason.TIMED_OUT,
};

const knownJobStatuses = inverse(jobStatuses);
const knownRunStates = inverse(runStates);

export function toWireJobStatus(status: JobStatus): WireJobStatus {
  return jobStatuses[status];
}

export function toWireRunState(state: RunState): WireRunState {
  return runStates[state];
}

export function toWireWorkerStatus(status: WorkerView['status']): WireWorkerStatus {
  return workerStatuses[status];
}

export function toWireErrorReason(reason: ConflictReason): ErrorReason {
  return errorReasons[reason];
}

export function toWireStopReason(reason: StopReason): WireStopReason {
  return stopReasons[reason];
}

/** Null for unset. Throws `malformed` for a number that this version does not know. */
export function fromWireJobStatus(field: string, status: WireJobStatus): JobStatus | null {
  return status === WireJobStatus.UNSPECIFIED ? null : known(knownJobStatuses, field, status);
}

/** Null for unset. Throws `malformed` for a number that this version does not know. */
export function fromWireRunState(field: string, state: WireRunState): RunState | null {
  return state === WireRunState.UNSPECIFIED ? null : known(knownRunStates, field, state);
}

/** Unset means stdout. Throws `malformed` for a number that this version does not know. */
export function fromWireLogStream(field: string, stream: LogStream): 'stdout' | 'stderr' {
  switch (stream) {
    case LogStream.UNSPECIFIED:
    case LogStream.STDOUT:
      return 'stdout';
    case LogStream.STDERR:
      return 'stderr';
    default:
      throw unknownValue(field, stream);
  }
}

export function toWireLogStream(stream: 'stdout' | 'stderr'): LogStream {
  return stream === 'stdout' ? LogStream.STDOUT : LogStream.STDERR;
}

function inverse<D extends string>(table: Record<D, number>): ReadonlyMap<number, D> {
  return new Map((Object.entries(table) as [D, number][]).map(([name, value]) => [value, name]));
}

function known<D extends string>(table: ReadonlyMap<number, D>, field: string, value: number): D {
  const found = table.get(value);
  if (found === undefined) throw unknownValue(field, value);
  return found;
}

function unknownValue(field: string, value: unknown): DomainError {
  return new DomainError('malformed', `${field}: ${value} is not a value that this server knows`);
}
