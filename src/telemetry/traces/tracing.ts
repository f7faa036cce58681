import type { Log } from '../log.js';
import type { TraceSettings } from './trace-settings.js';

/** What every span of a run says of it. */
export interface RunOfSpan {
  readonly runId: string;
  readonly workflow: string;
  /** The trace within which it was started, as a `traceparent` header of version 00; null when in none. */
  readonly traceparent: string | null;
}

/** When it was, in Unix milliseconds, and how it ended. */
export interface EndOfSpan {
  readonly startMs: number;
  readonly endMs: number;
  /** The run's or job's state, the attempt's outcome. */
  readonly outcome: string;
  /** Null when it did not fail; what is known of why, or an empty text. */
  readonly error: string | null;
}

/** Traces of runs: run → job → attempt. A span is told when it has ended. */
export interface Tracing {
  /** The context that an attempt hands to what it calls, as W3C Trace Context writes it. */
  traceparent(run: { id: string; traceparent: string | null }, jobKey: string, attempt: number): string;
  runEnded(run: RunOfSpan & EndOfSpan): void;
  jobEnded(job: RunOfSpan & EndOfSpan & { readonly key: string; readonly attempts: number }): void;
  attemptEnded(
    attempt: RunOfSpan & EndOfSpan & { readonly key: string; readonly attempt: number; readonly worker: string },
  ): void;
  /** Sends what waits, for as long as a stop may take. */
  close(): Promise<void>;
}

/** Loads what makes and sends spans; a server without traces never does. */
export async function openTracing(settings: TraceSettings, log: Log, version: string): Promise<Tracing> {
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(settings, log, version);
}
