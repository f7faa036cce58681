import { type LogLine, LogSource as WireSource } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { logs } from '../api/transport.js';
import type { LogQuery } from './follow-log.js';
import type { LineIndex, LogSource, NumberedLine } from './line-index.js';

/** The size of a block of lines; the first load is one block. */
const blockLines = 1_000;
/** How many lines are loaded before a linked one: its colours may depend on them, and the reader may scroll there. */
const linesBefore = 300;
const retryMs = 1_000;

/** Loads the lines that a reader sees first; returns the position after which the log continues. */
export async function readFirstLines(
  query: LogQuery,
  lines: LineIndex,
  at: { readonly line: number } | 'start' | 'end',
  signal: AbortSignal,
): Promise<string> {
  const fromLine = at === 'start' ? 1 : at === 'end' ? 0 : Math.max(1, at.line - linesBefore);
  const { runId, jobId, attempt } = query;
  const page = await logs.listLogLines({ id: runId, jobId, attempt, fromLine, limit: blockLines }, { signal });
  lines.begin(
    page.lineCount,
    page.lines.map(toLine),
    page.openLines.map(({ source, number }) => ({ source: sourceOf(source), number })),
  );
  return page.position;
}

/** Loads the visible missing lines, block by block. */
export class LineReader {
  readonly #query: LogQuery;
  readonly #lines: LineIndex;
  readonly #signal: AbortSignal;
  readonly #onLines: () => void;
  #isReading = false;
  #wanted: { readonly first: number; readonly last: number } = { first: 1, last: 0 };

  constructor(query: LogQuery, lines: LineIndex, onLines: () => void, signal: AbortSignal) {
    this.#query = query;
    this.#lines = lines;
    this.#onLines = onLines;
    this.#signal = signal;
  }

  /** The lines on the screen. Earlier requests that have not started are dropped. */
  look(first: number, last: number): void {
    this.#wanted = { first, last };
    if (!this.#isReading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      for (;;) {
        const { first, last } = this.#wanted;
        const from = this.#lines.firstMissing(first, last);
        if (from === null || this.#signal.aborted) return;
        await this.#readBlock(from, last);
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #readBlock(missing: number, last: number): Promise<void> {
    // A block extends to both sides of the visible lines, wherever the reader goes next.
    const start = Math.max(1, Math.min(missing, last - Math.floor(blockLines / 2)));
    const from = this.#lines.firstMissing(start, missing) ?? missing;
    const { runId, jobId, attempt } = this.#query;
    try {
      const page = await logs.listLogLines(
        { id: runId, jobId, attempt, fromLine: from, limit: blockLines },
        { signal: this.#signal },
      );
      this.#lines.put(page.lines.map(toLine));
      // A log that was truncated in the store: missing lines stay missing.
      if (page.lines.length === 0) this.#wanted = { first: 1, last: 0 };
      this.#onLines();
    } catch {
      if (!this.#signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/** What a search of a log looks for. */
export interface LogSearch {
  readonly text: string;
  readonly matchCase: boolean;
  /** Whether the text is a regular expression. */
  readonly isRegex: boolean;
}

/**
 * The numbers of the lines that match, searched by the server; reports them as they are found. Errors: those of the server,
 * such as for an invalid regular expression.
 */
export async function searchLines(
  { runId, jobId, attempt }: LogQuery,
  { text, matchCase, isRegex, max }: LogSearch & { readonly max: number },
  onFound: (lines: readonly number[], isOver: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const found: number[] = [];
  for (let fromLine = 1; ; ) {
    const page = await logs.searchLog(
      { id: runId, jobId, attempt, text, matchCase, regex: isRegex, fromLine, limit: max - found.length },
      { signal },
    );
    for (const line of page.lines) found.push(line);
    const isOver = page.nextLine === 0 || found.length >= max;
    onFound([...found], isOver);
    if (isOver) return;
    fromLine = page.nextLine;
  }
}

function toLine({ number, text, source, timestampMs }: LogLine): NumberedLine {
  return { number, text, source: sourceOf(source), atMs: Number(timestampMs) };
}

function sourceOf(source: WireSource): LogSource {
  if (source === WireSource.SYSTEM) return 'system';
  return source === WireSource.STDERR ? 'stderr' : 'stdout';
}
