import type { Logger } from 'pino';
import type { Connection } from '../store/connection.js';
import { attemptsToTrace, jobsToTrace, runsToTrace } from '../store/statements/traces.js';
import type { Tracing } from '../telemetry/traces/tracing.js';
import type { EventDraft } from './batch.js';

/** How many ends may wait to be looked up. What is beyond is lost: traces must not use up the memory. */
const waitingMax = 20_000;
/** How many are looked up at once. */
const rowsAtOnce = 500;

/** What has ended and is not told yet. */
interface Ends {
  readonly runs: number[];
  readonly jobs: number[];
  readonly attempts: (readonly [job: number, number: number])[];
}

const endsRun: ReadonlySet<string> = new Set(['run.success', 'run.failure', 'run.cancelled']);
const endsJob: ReadonlySet<string> = new Set(['job.success', 'job.failure', 'job.skipped', 'job.cancelled']);
/** What the end of an attempt can do to its job; whether it was an end, its row says. */
const mayEndAttempt: ReadonlySet<string> = new Set([
  'job.success',
  'job.failure',
  'job.cancelled',
  'job.delayed',
  'job.queued',
]);

/**
 * Tells the traces what committed batches ended. When it began and how it went is read from the tables, off the event
 * loop, after the commit: nobody who claims or reports waits for it.
 */
export class TraceTeller {
  readonly #tracing: Tracing;
  readonly #reads: Connection;
  readonly #log: Logger;
  #ends: Ends = { runs: [], jobs: [], attempts: [] };
  #telling: Promise<void> | null = null;
  #isFull = false;

  constructor(tracing: Tracing, reads: Connection, log: Logger) {
    this.#tracing = tracing;
    this.#reads = reads;
    this.#log = log;
  }

  note(events: readonly EventDraft[]): void {
    const { runs, jobs, attempts } = this.#ends;
    if (runs.length + jobs.length + attempts.length > waitingMax) {
      if (!this.#isFull) this.#log.warn('more ends than traces can follow: spans are lost');
      this.#isFull = true;
      return;
    }
    for (const { type, run, job, attempt, data } of events) {
      if (run !== null && endsRun.has(type)) runs.push(run);
      if (job === null) continue;
      if (endsJob.has(type)) jobs.push(job);
      if (attempt === null || !mayEndAttempt.has(type)) continue;
      // A retry whose delay is over, or a job that was given back: nothing has ended.
      if (type === 'job.queued' && (data === null || data.includes('"released"'))) continue;
      attempts.push([job, attempt]);
    }
    if (runs.length + jobs.length + attempts.length > 0) this.#telling ??= this.#tellAll();
  }

  /** Waits until all is told. */
  async told(): Promise<void> {
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    try {
      for (;;) {
        const ends = this.#ends;
        if (ends.runs.length + ends.jobs.length + ends.attempts.length === 0) return;
        this.#ends = { runs: [], jobs: [], attempts: [] };
        for (const rows of inPieces(ends.attempts)) await this.#tellAttempts(rows);
        for (const rows of inPieces(ends.jobs)) await this.#tellJobs(rows.map((job) => [job]));
        for (const rows of inPieces(ends.runs)) await this.#tellRuns(rows.map((run) => [run]));
        this.#isFull = false;
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'reading what ended failed: its spans are lost');
    } finally {
      this.#telling = null;
    }
  }

  async #tellAttempts(rows: Ends['attempts']): Promise<void> {
    for (const row of await attemptsToTrace.run(this.#reads, { rows })) {
      if (row.outcome === null || row.ended_at_ms === null) continue;
      this.#tracing.attemptEnded({
        runId: row.run_id,
        traceparent: row.traceparent,
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

  async #tellJobs(rows: readonly number[][]): Promise<void> {
    for (const row of await jobsToTrace.run(this.#reads, { rows })) {
      if (row.ended_at_ms === null) continue;
      this.#tracing.jobEnded({
        runId: row.run_id,
        traceparent: row.traceparent,
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

  async #tellRuns(rows: readonly number[][]): Promise<void> {
    for (const row of await runsToTrace.run(this.#reads, { rows })) {
      if (row.ended_at_ms === null) continue;
      this.#tracing.runEnded({
        runId: row.id,
        traceparent: row.traceparent,
        workflow: row.workflow_id,
        startMs: row.created_at_ms,
        endMs: row.ended_at_ms,
        outcome: row.state,
        error: row.state === 'failure' ? '' : null,
      });
    }
  }
}

function* inPieces<T>(items: readonly T[]): Iterable<T[]> {
  for (let at = 0; at < items.length; at += rowsAtOnce) yield items.slice(at, at + rowsAtOnce);
}
