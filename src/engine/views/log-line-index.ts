import type { LinePlace, LogSource } from '../../domain/log-lines.js';
import { firstLine } from '../../domain/log-lines.js';
import { logStreams } from '../../domain/log-streams.js';
import { attemptStates } from '../../store/statements/attempts.js';
import { type LogLineCountRow, logLineCounts } from '../../store/statements/logs.js';
import type { EngineContext } from '../context.js';
import { gapOf } from '../leases/trim-log.js';
import { viewLimits } from './limits.js';
import { compareLogPlaces, type LogPlace } from './log-place.js';

/** A mark follows this many bytes or chunks after the one before it: so much is read beyond what a reader asked for. */
const bytesPerMark = 64 * 1024;
const chunksPerMark = 512;

/** A place in a log at which a reader of lines may begin: after a chunk. */
export interface LineMark extends LinePlace {
  readonly after: LogPlace;
}

/** Which lines an attempt's log has, and where they are. */
export interface LogLineIndex {
  /** The first is the beginning of the log. */
  readonly marks: readonly LineMark[];
  readonly lineCount: number;
  /** What workers wrote and is stored, in bytes. */
  readonly bytes: number;
  /** The end of the log: the last chunk, and the lines that are open after it. */
  readonly end: LineMark;
}

interface HeldIndex extends LogLineIndex {
  /** What the attempt said of its log when the index was made. */
  readonly logBytes: number;
  readonly logGap: string | null;
  /** Bytes that the attempt counts and nothing stores. */
  readonly missing: number;
}

/**
 * Finds lines by their numbers without a column for them: the line feeds of a log are counted when somebody first asks, and the
 * counts are kept for the logs that were read last. A log that has grown is counted on from its end.
 *
 * What would make kept counts wrong shows in the attempt: its gap has grown, its bytes are fewer, or they are more than those that
 * were counted, since a chunk came late and stands before others. Then everything is counted anew.
 */
export class LogLineIndexes {
  readonly #context: EngineContext;
  /** In the order of their last use. */
  readonly #held = new Map<string, HeldIndex>();
  readonly #pending = new Map<string, Promise<HeldIndex>>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Null for an attempt that there is not. */
  async of(job: number, attempt: number): Promise<LogLineIndex | null> {
    const [row] = await attemptStates.run(this.#context.store.read, { job, number: attempt });
    if (row === undefined) return null;
    const key = `${job}.${attempt}`;
    const pending = this.#pending.get(key);
    if (pending !== undefined) await pending.catch(() => undefined);
    const making = this.#extended(job, attempt, this.#held.get(key), row).finally(() => {
      if (this.#pending.get(key) === making) this.#pending.delete(key);
    });
    this.#pending.set(key, making);
    const index = await making;
    this.#held.delete(key);
    this.#held.set(key, index);
    const [oldest] = this.#held.keys();
    if (this.#held.size > viewLimits.logIndexes && oldest !== undefined) this.#held.delete(oldest);
    return index;
  }

  async #extended(
    job: number,
    attempt: number,
    held: HeldIndex | undefined,
    row: { readonly log_bytes: number; readonly log_gap: string | null },
  ): Promise<HeldIndex> {
    const isUsable = held !== undefined && held.logGap === row.log_gap && held.logBytes <= row.log_bytes;
    if (isUsable) {
      const index = await this.#count(job, attempt, held, row);
      if (index.bytes + held.missing >= row.log_bytes) return { ...index, missing: held.missing };
    }
    const index = await this.#count(job, attempt, emptyIndex(attempt), row);
    return { ...index, missing: Math.max(0, row.log_bytes - index.bytes) };
  }

  async #count(
    job: number,
    attempt: number,
    from: LogLineIndex,
    row: { readonly log_bytes: number; readonly log_gap: string | null },
  ): Promise<Omit<HeldIndex, 'missing'>> {
    const gap = gapOf(row);
    const counter = new LineCounter(from, gap === null ? null : { attempt, ...gap.to });
    let { after } = from.end;
    for (;;) {
      const page = await logLineCounts.run(this.#context.store.longRead, {
        job,
        attempt,
        sequence: after.sequence,
        stream: after.stream,
        limit: viewLimits.indexedChunksPerPage,
      });
      for (const chunk of page) counter.add({ ...chunk, attempt });
      const last = page.at(-1);
      if (last === undefined || page.length < viewLimits.indexedChunksPerPage) break;
      after = { attempt, sequence: last.sequence, stream: last.stream };
    }
    return { ...counter.index(), logBytes: row.log_bytes, logGap: row.log_gap };
  }
}

function emptyIndex(attempt: number): LogLineIndex {
  const start = { ...firstLine, after: { attempt, sequence: -1, stream: 0 } };
  return { marks: [start], lineCount: 0, bytes: 0, end: start };
}

/** Counts as `LineAssembler` assembles, without the text. */
class LineCounter {
  readonly #marks: LineMark[];
  readonly #open: Map<LogSource, number>;
  readonly #gapEnd: LogPlace | null;
  #nextLine: number;
  #bytes: number;
  #after: LogPlace;
  #bytesSinceMark = 0;
  #chunksSinceMark = 0;

  constructor({ marks, bytes, end }: LogLineIndex, gapEnd: LogPlace | null) {
    this.#marks = [...marks];
    this.#open = new Map(end.open);
    this.#nextLine = end.nextLine;
    this.#bytes = bytes;
    this.#after = end.after;
    this.#gapEnd = gapEnd;
  }

  add(chunk: LogLineCountRow & LogPlace): void {
    const { sequence, stream, attempt, bytes } = chunk;
    const place = { attempt, sequence, stream };
    const gap = this.#gapEnd;
    // The mark of a gap is a line.
    if (gap !== null && compareLogPlaces(this.#after, gap) < 0 && compareLogPlaces(gap, place) < 0) this.#nextLine += 1;
    const source = sourceOfStream(stream);
    this.#countLines(source, chunk.line_feeds, chunk.goes_on === 1);
    if (source !== 'system') this.#bytes += bytes;
    this.#after = place;
    this.#bytesSinceMark += bytes;
    this.#chunksSinceMark += 1;
    if (this.#bytesSinceMark < bytesPerMark && this.#chunksSinceMark < chunksPerMark) return;
    this.#marks.push(this.#mark());
    this.#bytesSinceMark = 0;
    this.#chunksSinceMark = 0;
  }

  index(): LogLineIndex {
    return { marks: this.#marks, lineCount: this.#nextLine - 1, bytes: this.#bytes, end: this.#mark() };
  }

  #countLines(source: LogSource, lineFeeds: number, goesOn: boolean): void {
    const isEnded = source === 'system';
    const parts = lineFeeds + (goesOn ? 1 : 0);
    if (parts === 0) return;
    const continued = this.#open.get(source);
    this.#nextLine += parts - (continued === undefined ? 0 : 1);
    if (!goesOn || isEnded) this.#open.delete(source);
    else if (continued === undefined || lineFeeds > 0) this.#open.set(source, this.#nextLine - 1);
  }

  #mark(): LineMark {
    return { after: this.#after, nextLine: this.#nextLine, open: new Map(this.#open) };
  }
}

export function sourceOfStream(stream: number): LogSource {
  if (stream === logStreams.stdout) return 'stdout';
  return stream === logStreams.stderr ? 'stderr' : 'system';
}

/** The last mark before which no line of this number or a later one began. */
export function markBefore(index: LogLineIndex, line: number): LineMark {
  let low = 0;
  let high = index.marks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((index.marks[middle]?.nextLine ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  return index.marks[low] ?? index.end;
}
