import type { LogLine, LogSource } from '../../domain/log-lines.js';
import type { EngineContext } from '../context.js';
import { type AttemptPlace, attemptLog } from './attempt-log.js';
import { viewLimits } from './limits.js';
import type { LogLineIndexes } from './log-line-index.js';
import { writePlace } from './log-place.js';
import { readLines } from './read-lines.js';

export interface LogLinesQuery extends AttemptPlace {
  /** Null: the last lines. */
  readonly fromLine: number | null;
  readonly limit: number;
}

export interface LogLinesPage {
  readonly lines: readonly LogLine[];
  readonly lineCount: number;
  readonly bytes: number;
  /** The place of the last chunk that was counted, for a follower; empty when there is none. */
  readonly position: string;
  readonly openLines: readonly { readonly source: LogSource; readonly number: number }[];
}

/** Lines of an attempt's log by their numbers. Errors: `not_found`. */
export function logLinesVerb(context: EngineContext, indexes: LogLineIndexes) {
  return async (query: LogLinesQuery): Promise<LogLinesPage> => {
    const { pages, index } = await attemptLog(context, indexes, query);
    const { lineCount, bytes, end } = index;
    const from = query.fromLine ?? Math.max(1, lineCount - query.limit + 1);
    const lines: LogLine[] = [];
    let characters = 0;
    reading: for await (const batch of readLines(pages, index, from)) {
      for (const line of batch) {
        const text = cut(line.text);
        lines.push({ ...line, text });
        characters += text.length;
        if (lines.length >= query.limit || characters >= viewLimits.logLinesChars) break reading;
      }
    }
    return {
      lines,
      lineCount,
      bytes,
      position: end.after.sequence < 0 ? '' : writePlace(end.after),
      openLines: [...end.open].map(([source, number]) => ({ source, number })),
    };
  };
}

function cut(text: string): string {
  return text.length <= viewLimits.logLineChars ? text : text.slice(0, viewLimits.logLineChars).toWellFormed();
}
