import { createHash } from 'node:crypto';

/**
 * Ids of traces and spans follow from what they stand for, so that nothing has to be kept between a claim at one server
 * and the report of its end at another: the trace is the run's UUID, a span the hash of its place in the run.
 */

/** 32 hexadecimal digits. */
export function traceIdOf(runId: string): string {
  return runId.replaceAll('-', '');
}

/** 16 hexadecimal digits, of a run, a job of it, or an attempt of that. */
export function spanIdOf(runId: string, jobKey?: string, attempt?: number): string {
  const place = [runId, ...(jobKey === undefined ? [] : [jobKey]), ...(attempt === undefined ? [] : [attempt])];
  return createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
}

/** The header of W3C Trace Context, version 00. */
export function traceparentOf(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
