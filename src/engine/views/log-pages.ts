import { gapMark } from '../../domain/log-cap.js';
import { logStreams, systemLineOf } from '../../domain/log-streams.js';
import { type LogPageRow, logPage, logPageBefore } from '../../store/statements/logs.js';
import type { EngineContext } from '../context.js';
import { gapOf } from '../leases/trim-log.js';
import { viewLimits } from './limits.js';
import { compareLogPlaces, type LogPlace } from './log-place.js';
import type { LogChunkView, LogQuery } from './log-views.js';

/** Some chunks of a log, in the requested order. */
export interface LogPage<C> {
  readonly chunks: readonly C[];
  /** Whether nothing came after them at the time of the read. */
  readonly isLast: boolean;
}

/** Reads a job's log in pages, forwards and backwards. */
export class LogPages {
  readonly #context: EngineContext;
  readonly #runId: string;
  readonly #job: number;
  readonly #query: LogQuery;

  constructor(context: EngineContext, runId: string, job: number, query: LogQuery) {
    this.#context = context;
    this.#runId = runId;
    this.#job = job;
    this.#query = query;
  }

  /** The chunks after a position, with a mark where the log has a gap. */
  async after(place: LogPlace, chunksMax: number): Promise<LogPage<LogChunkView>> {
    const limit = Math.min(viewLimits.logPageChunks, chunksMax);
    const rows = await logPage.run(this.#context.store.longRead, {
      job: this.#job,
      ...place,
      lastAttempt: this.#query.attempt ?? Number.MAX_SAFE_INTEGER,
      limit,
      maxBytes: viewLimits.logPageBytes,
    });
    const chunks: LogChunkView[] = [];
    let before = place;
    for (const row of rows) {
      const mark = this.#markBetween(before, row);
      if (mark !== null) chunks.push(mark);
      chunks.push(this.#view(row));
      before = row;
    }
    const isLast = rows.length < limit && !fills(rows) && chunks.length <= chunksMax;
    return { chunks: chunks.slice(0, chunksMax), isLast };
  }

  /** The chunks before a position, the last one first, without marks. */
  async before(place: LogPlace): Promise<LogPage<LogChunkView>> {
    const rows = await logPageBefore.run(this.#context.store.longRead, {
      job: this.#job,
      ...place,
      firstAttempt: this.#query.attempt ?? 0,
      limit: viewLimits.logPageChunks,
      maxBytes: viewLimits.logPageBytes,
    });
    return {
      chunks: rows.map((row) => this.#view(row)),
      isLast: rows.length < viewLimits.logPageChunks && !fills(rows),
    };
  }

  /** The mark of the gap between a position and the next chunk; its position is that of the last dropped chunk. */
  #markBetween(from: LogPlace, next: LogPageRow): LogChunkView | null {
    const gap = gapOf(next);
    if (gap === null) return null;
    const place = { attempt: next.attempt, ...gap.to };
    if (compareLogPlaces(from, place) >= 0 || compareLogPlaces(place, next) >= 0) return null;
    return { ...this.#view({ ...next, ...place, data: gapMark(gap) }), missingBytes: gap.bytes };
  }

  #view(row: LogPageRow): LogChunkView {
    return {
      runId: this.#runId,
      jobKey: this.#query.jobKey,
      sequence: row.sequence,
      data: row.data,
      timestampMs: row.at_ms,
      stream: row.stream === logStreams.stdout ? 'stdout' : 'stderr',
      systemLine: systemLineOf(row.stream),
      attempt: row.attempt,
      missingBytes: null,
    };
  }
}

/** Whether a page may have ended because it is full. */
function fills(rows: readonly LogPageRow[]): boolean {
  const last = rows.at(-1);
  return last !== undefined && last.before + Buffer.byteLength(last.data) >= viewLimits.logPageBytes;
}
