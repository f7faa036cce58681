import { LineAssembler, type LogLine, type LogPiece } from '../../domain/log-lines.js';
import { logStreamOf } from '../../domain/log-streams.js';
import { viewLimits } from './limits.js';
import { type LogLineIndex, markBefore, sourceOfStream } from './log-line-index.js';
import type { LogPages } from './log-pages.js';
import { compareLogPlaces, placeOf } from './log-place.js';
import type { LogChunkView } from './log-views.js';

/**
 * An attempt's lines from a number to the end of the index, in their order. What was written since the index was made is not read.
 * A line that waits for its end for very long is handed out as it is then.
 */
export async function* readLines(pages: LogPages, index: LogLineIndex, fromLine: number): AsyncGenerator<LogLine[]> {
  const mark = markBefore(index, fromLine);
  const assembler = new LineAssembler(mark);
  const { end } = index;
  let place = mark.after;
  for (let isLast = compareLogPlaces(place, end.after) >= 0; !isLast; ) {
    const page = await pages.after(place, Number.POSITIVE_INFINITY);
    isLast = page.isLast;
    for (const chunk of page.chunks) {
      place = placeOf(chunk);
      if (compareLogPlaces(place, end.after) <= 0) assembler.add(pieceOf(chunk));
      if (compareLogPlaces(place, end.after) >= 0) isLast = true;
    }
    const lines = assembler.take(isLast || assembler.heldCount > viewLimits.waitingLines);
    const wanted = lines.filter(({ number }) => number >= fromLine);
    if (wanted.length > 0) yield wanted;
  }
}

/** A chunk as a piece of lines: what the server wrote, and the mark of a gap, are lines of their own. */
function pieceOf({ stream, systemLine, missingBytes, timestampMs, data }: LogChunkView): LogPiece {
  const atMs = timestampMs;
  if (missingBytes !== null) return { source: 'system', atMs, data: `${data.trim()}\n` };
  const source = sourceOfStream(logStreamOf(stream, systemLine));
  return { source, atMs, data: source !== 'system' || data.endsWith('\n') ? data : `${data}\n` };
}
