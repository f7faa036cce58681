import type { LogChunk, LogStreamName } from '#client';
import { escapeControls } from '../../telemetry/escape-controls.js';

/** A line of a job's output. */
export interface LogLine {
  readonly jobId: string;
  readonly attempt: number;
  readonly stream: LogStreamName;
  /** The worker's clock, of the chunk that ended the line. */
  readonly atMs: number;
  /** Escaped, without its line end. */
  readonly text: string;
}

/** A longer line is printed in pieces, so that output without line ends cannot fill the memory. */
const lineCharsMax = 64 * 1024;

/**
 * Joins the chunks of one job to lines, each stream and attempt by itself. A lone carriage return ends a line too:
 * progress bars overwrite themselves with it, and here each step is a line.
 */
export class LineSplitter {
  readonly #rests = new Map<string, LogLine>();

  /** The lines that the chunk completes. */
  push(chunk: LogChunk): LogLine[] {
    const { job_id: jobId, attempt = 0, stream, timestamp_ms: atMs } = chunk;
    const key = `${attempt}/${stream}`;
    const text = (this.#rests.get(key)?.text ?? '') + chunk.data;
    // A carriage return at the very end may be the first half of a line end.
    const pieces = text.split(/\r\n|\n|\r(?!$)/);
    const rest = pieces.pop() ?? '';
    const of = (piece: string): LogLine => ({ jobId, attempt, stream, atMs, text: piece });
    const lines = pieces.map(of);
    if (rest.length > lineCharsMax) lines.push(of(rest));
    if (rest.length === 0 || rest.length > lineCharsMax) this.#rests.delete(key);
    else this.#rests.set(key, of(rest));
    return lines.map(madeHarmless);
  }

  /** The remainder when nothing more comes. */
  end(): LogLine[] {
    const rests = [...this.#rests.values()];
    this.#rests.clear();
    return rests.map(madeHarmless);
  }

  /** The newest unfinished line of all streams; null when every line is complete. */
  get unfinished(): LogLine | null {
    const [newest] = [...this.#rests.values()].slice(-1);
    return newest === undefined ? null : madeHarmless(newest);
  }
}

function madeHarmless(line: LogLine): LogLine {
  return { ...line, text: escapeControls(line.text.replace(/\r$/, '')) };
}
