import type { Logger } from 'pino';
import { type EventType, endsJob, endsRun } from '../../domain/events.js';
import type { Connection } from '../../store/connection.js';
import type { AttemptKey } from '../../store/row-keys.js';
import { attemptsToTrace, jobsToTrace, runsToTrace } from '../../store/statements/traces.js';
import type { Tracing } from '../../telemetry/traces/tracing.js';
import type { EventDraft } from '../writer/batch-changes.js';
import { observeLimits } from './limits.js';

/** What has ended and is not exported yet. */
interface Ends {
  readonly runs: number[];
  readonly jobs: number[];
  readonly attempts: AttemptKey[];
}

/** Events that may end an attempt; the attempt's row says whether they did. */
const mayEndAttempt: ReadonlySet<EventType> = new Set(['job.success', 'job.failure', 'job.delayed', 'job.queued']);

/**
 * Exports spans of what committed batches ended. Their times and outcomes are read from the tables after the commit,
 * off the event loop, so no claim or report waits for them.
 */
export class SpanExporter {
  readonly #tracing: Tracing;
  readonly #reads: Connection;
  readonly #log: Logger;
  #ends: Ends = { runs: [], jobs: [], attempts: [] };
  #exporting: Promise<void> | null = null;
  #isFull = false;

  constructor(tracing: Tracing, reads: Connection, log: Logger) {
    this.#tracing = tracing;
    this.#reads = reads;
    this.#log = log;
  }

  note(events: readonly EventDraft[], stopped: Ends['attempts']): void {
    const { runs, jobs, attempts } = this.#ends;
    if (runs.length + jobs.length + attempts.length > observeLimits.waitingSpans) {
      if (!this.#isFull) this.#log.warn('trace queue full: spans are dropped');
      this.#isFull = true;
      return;
    }
    attempts.push(...stopped);
    for (const { type, run, job, attempt, data } of events) {
      if (run !== null && endsRun(type) !== null) runs.push(run);
      if (job === null) continue;
      if (endsJob(type)) jobs.push(job);
      if (attempt === null || !mayEndAttempt.has(type)) continue;
      // A retry whose delay is over, or a released job: nothing has ended.
      if (type === 'job.queued' && (data === null || data.includes('"released"'))) continue;
      attempts.push({ job, number: attempt });
    }
    if (runs.length + jobs.length + attempts.length > 0) this.#exporting ??= this.#exportAll();
  }

  /** Resolves when all spans are exported. */
  async drained(): Promise<void> {
    await this.#exporting;
  }

  async #exportAll(): Promise<void> {
    for (;;) {
      const ends = this.#ends;
      if (ends.runs.length + ends.jobs.length + ends.attempts.length === 0) break;
      this.#ends = { runs: [], jobs: [], attempts: [] };
      try {
        for (const rows of inPieces(ends.attempts)) await this.#exportAttempts(rows);
        for (const rows of inPieces(ends.jobs)) await this.#exportJobs(rows.map((job) => ({ job })));
        for (const rows of inPieces(ends.runs)) await this.#exportRuns(rows.map((no) => ({ no })));
        this.#isFull = false;
      } catch (error) {
        this.#log.warn({ err: error }, 'could not read ended attempts: their spans are lost');
      }
    }
    this.#exporting = null;
  }

  async #exportAttempts(rows: Ends['attempts']): Promise<void> {
    for (const row of await attemptsToTrace.run(this.#reads, { rows })) {
      if (row.outcome === null || row.ended_at_ms === null) continue;
      this.#tracing.attemptEnded({
        runId: row.run_id,
        traceparent: row.traceparent,
        generation: row.generation,
        workflow: row.workflow_id,
        key: row.key,
        attempt: row.number,
        worker: row.worker_id,
        startMs: row.claimed_at_ms,
        endMs: row.ended_at_ms,
        outcome: row.outcome,
        error: row.outcome === 'success' || row.outcome === 'cancelled' ? null : (row.error ?? ''),
      });
    }
  }

  async #exportJobs(rows: readonly { job: number }[]): Promise<void> {
    for (const row of await jobsToTrace.run(this.#reads, { rows })) {
      if (row.ended_at_ms === null) continue;
      this.#tracing.jobEnded({
        runId: row.run_id,
        traceparent: row.traceparent,
        generation: row.generation,
        workflow: row.workflow_id,
        key: row.key,
        attempts: row.attempts,
        startMs: row.first_claimed_at_ms ?? row.ended_at_ms,
        endMs: row.ended_at_ms,
        outcome: row.state,
        error: row.state === 'failure' ? (row.error ?? '') : null,
      });
    }
  }

  async #exportRuns(rows: readonly { no: number }[]): Promise<void> {
    for (const row of await runsToTrace.run(this.#reads, { rows })) {
      if (row.ended_at_ms === null) continue;
      this.#tracing.runEnded({
        runId: row.id,
        traceparent: row.traceparent,
        generation: row.generation,
        workflow: row.workflow_id,
        startMs: row.rerun_at_ms ?? row.created_at_ms,
        endMs: row.ended_at_ms,
        outcome: row.state,
        error: row.state === 'failure' ? '' : null,
      });
    }
  }
}

function* inPieces<T>(items: readonly T[]): Iterable<T[]> {
  for (let at = 0; at < items.length; at += observeLimits.spansPerQuery)
    yield items.slice(at, at + observeLimits.spansPerQuery);
}
