import { viewLimits } from './limits.js';
import type { LogPages } from './log-pages.js';
import { compareLogPlaces, endOf, type LogPlace, placeOf, startOf } from './log-place.js';
import type { LogChunkView, LogQuery } from './log-views.js';

/** The beginning of the last lines of a log. */
export interface LogTail {
  /** The position to continue from. */
  readonly after: LogPlace;
  /** The part of a chunk that belongs to the last lines; null when none does. Later chunks belong to them whole. */
  cut(chunk: LogChunkView): LogChunkView | null;
}

/**
 * Finds the last lines of a log, from its end backwards. Stdout and stderr of each attempt have their own lines, whose
 * chunks are mixed: lines are ordered by their ends, and a line may begin long before another that ended earlier.
 */
export async function findLogTail(pages: LogPages, query: LogQuery, lines: number): Promise<LogTail> {
  const search = new TailSearch(lines);
  let place = endOf(query);
  let end: LogPlace | null = null;
  while (!search.isDone && search.bytes < viewLimits.logTailBytes) {
    const page = await pages.before(place);
    for (const chunk of page.chunks) {
      end ??= placeOf(chunk);
      place = placeOf(chunk);
      search.look(chunk);
      if (search.isDone) break;
    }
    if (page.isLast) break;
  }
  if (end === null) return { after: startOf(query), cut: (chunk) => chunk };
  return search.tail(place, end);
}

class TailSearch {
  bytes = 0;
  #linesLeft: number;
  /** The streams with a wanted line whose beginning is not found yet. */
  readonly #open = new Set<string>();
  readonly #seen = new Set<string>();
  /** Where the wanted part of each stream begins; an open stream begins where the search ends. */
  readonly #starts = new Map<string, { readonly place: LogPlace; readonly offset: number }>();
  #looked = false;

  constructor(lines: number) {
    this.#linesLeft = lines;
  }

  get isDone(): boolean {
    return this.#looked && this.#linesLeft === 0 && this.#open.size === 0;
  }

  look(chunk: LogChunkView): void {
    this.#looked = true;
    const { data } = chunk;
    if (data === '') return;
    this.bytes += Buffer.byteLength(data);
    const key = streamOf(chunk);
    if (!this.#seen.has(key)) {
      this.#seen.add(key);
      if (!data.endsWith('\n')) this.#wantLine(key);
    }
    for (let at = data.lastIndexOf('\n'); at !== -1; at = at === 0 ? -1 : data.lastIndexOf('\n', at - 1)) {
      if (this.#open.delete(key)) this.#starts.set(key, { place: placeOf(chunk), offset: at + 1 });
      if (this.#linesLeft === 0) return;
      this.#wantLine(key);
    }
  }

  #wantLine(key: string): void {
    if (this.#linesLeft === 0) return;
    this.#linesLeft -= 1;
    this.#open.add(key);
  }

  tail(first: LogPlace, end: LogPlace): LogTail {
    const starts = new Map(this.#starts);
    for (const key of this.#open) starts.set(key, { place: first, offset: 0 });
    const cut = (chunk: LogChunkView) => {
      const place = placeOf(chunk);
      if (compareLogPlaces(place, end) > 0) return chunk;
      const start = starts.get(streamOf(chunk));
      if (start === undefined) return null;
      const order = compareLogPlaces(place, start.place);
      if (order !== 0) return order < 0 ? null : chunk;
      const data = chunk.data.slice(start.offset);
      return data === '' ? null : { ...chunk, data };
    };
    let hasBegun = false;
    return {
      after: { ...first, stream: first.stream - 1 },
      cut(chunk) {
        // A gap before the first of these lines is not part of them.
        const part = chunk.missingBytes === null ? cut(chunk) : hasBegun ? chunk : null;
        hasBegun ||= part !== null;
        return part;
      },
    };
  }
}

function streamOf({ attempt, stream }: LogChunkView): string {
  return `${attempt}/${stream}`;
}
