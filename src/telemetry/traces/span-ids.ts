import { createHash } from 'node:crypto';

/**
 * Ids of traces and spans are derived from what they stand for, so nothing has to be kept between a claim at one server
 * and the report at another: the trace is the run's UUID, a span the hash of its path in the run.
 */

/** 32 hexadecimal digits. */
export function traceIdOf(runId: string): string {
  return runId.replaceAll('-', '');
}

/** 16 hexadecimal digits, of an attempt. */
export function spanIdOfAttempt(runId: string, jobKey: string, attempt: number): string {
  return hashOf([runId, jobKey, attempt]);
}

/** The same of a run, or of a job of it, in a generation: what ended before and after a re-run are two spans. */
export function spanIdOf(runId: string, generation: number, jobKey?: string): string {
  const place = [runId, ...(jobKey === undefined ? [] : [jobKey]), ...(generation === 1 ? [] : [{ generation }])];
  return hashOf(place);
}

function hashOf(place: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
}

/** The header of W3C Trace Context, version 00. */
export function traceparentOf(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
