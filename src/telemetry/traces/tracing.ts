import type { Log } from '../log.js';
import type { TraceSettings } from './trace-settings.js';

/** The attributes that every span of a run has. */
export interface RunOfSpan {
  readonly runId: string;
  readonly workflow: string;
  /** The trace that it was started within, as a `traceparent` header of version 00; null when there is none. */
  readonly traceparent: string | null;
  /** From 1; each re-run of jobs of it adds one. Of a job or attempt: that in which it ran. */
  readonly generation: number;
}

/** When it was, in Unix milliseconds, and how it ended. */
export interface EndOfSpan {
  readonly startMs: number;
  readonly endMs: number;
  /** The run's or job's state, the attempt's outcome. */
  readonly outcome: string;
  /** Null without a failure; the known reason otherwise, or an empty text. */
  readonly error: string | null;
}

/** Traces of runs: run → job → attempt. A span is exported when it has ended. */
export interface Tracing {
  /** The W3C trace context that an attempt passes to what it calls. */
  traceparent(run: { id: string; traceparent: string | null }, jobKey: string, attempt: number): string;
  runEnded(run: RunOfSpan & EndOfSpan): void;
  jobEnded(job: RunOfSpan & EndOfSpan & { readonly key: string; readonly attempts: number }): void;
  attemptEnded(
    attempt: RunOfSpan & EndOfSpan & { readonly key: string; readonly attempt: number; readonly worker: string },
  ): void;
  /** Sends waiting spans, within the time of a stop. */
  close(): Promise<void>;
}

/** Loads the code that creates and sends spans; a server without traces never does. */
export async function openTracing(settings: TraceSettings, log: Log, version: string): Promise<Tracing> {
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(settings, log, version);
}
