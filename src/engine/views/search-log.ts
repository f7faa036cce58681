import type { EngineContext } from '../context.js';
import { type AttemptPlace, attemptLog } from './attempt-log.js';
import { viewLimits } from './limits.js';
import type { LogLineIndexes } from './log-line-index.js';
import { readLines } from './read-lines.js';

export interface LogSearch extends AttemptPlace {
  readonly text: string;
  readonly matchCase: boolean;
  readonly fromLine: number;
  readonly limit: number;
}

export interface LogSearchPage {
  /** Their numbers. */
  readonly lines: readonly number[];
  /** Null when the log was searched to its end. */
  readonly nextLine: number | null;
}

/** The lines of an attempt's log that contain a text. Errors: `not_found`. */
export function searchLogVerb(context: EngineContext, indexes: LogLineIndexes) {
  return async ({ text, matchCase, fromLine, limit, ...place }: LogSearch): Promise<LogSearchPage> => {
    const { pages, index } = await attemptLog(context, indexes, place);
    const wanted = matchCase ? text : text.toLowerCase();
    const lines: number[] = [];
    let characters = 0;
    for await (const batch of readLines(pages, index, fromLine)) {
      for (const line of batch) {
        if ((matchCase ? line.text : line.text.toLowerCase()).includes(wanted)) lines.push(line.number);
        characters += line.text.length;
        if (lines.length < limit && characters < viewLimits.searchedChars) continue;
        return { lines, nextLine: line.number < index.lineCount ? line.number + 1 : null };
      }
    }
    return { lines, nextLine: null };
  };
}
