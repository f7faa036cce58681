import { ErrorReason, LogStream, StopReason } from '../gen/workflowgraph/v1/types.js';
import type { StopReason as StopReasonName } from '../stop.js';
import type { LogStreamName } from '../wire.js';

/** The names that the documented paths use for the numbers of the binary form. Null is a number that is not known here. */
const REASONS = namesOf(ErrorReason, 'ERROR_REASON_');

export function reasonName(reason: number | undefined): string | null {
  return REASONS.get(reason ?? 0) ?? null;
}

/** A reason that is not known here counts as the first one. */
export function stopReasonName(reason: number | undefined): StopReasonName {
  return reason === StopReason.STOP_REASON_TIMED_OUT ? 'timed_out' : 'cancelled';
}

export function logStream(name: LogStreamName): LogStream {
  return name === 'stderr' ? LogStream.LOG_STREAM_STDERR : LogStream.LOG_STREAM_STDOUT;
}

function namesOf(values: Readonly<Record<string, number>>, prefix: string): ReadonlyMap<number, string> {
  const known = Object.entries(values).filter(([, value]) => value > 0);
  return new Map(known.map(([name, value]) => [value, name.slice(prefix.length).toLowerCase()]));
}
