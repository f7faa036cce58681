import { type LogPattern, lineMatcher } from '../../domain/log-pattern.js';
import type { EngineContext } from '../context.js';
import { type AttemptPlace, attemptLog } from './attempt-log.js';
import { viewLimits } from './limits.js';
import type { LogLineIndexes } from './log-line-index.js';
import { readLines } from './read-lines.js';

export interface LogSearch extends AttemptPlace, LogPattern {
  readonly fromLine: number;
  readonly limit: number;
}

export interface LogSearchPage {
  /** Their numbers. */
  readonly lines: readonly number[];
  /** Null when the log was searched to its end. */
  readonly nextLine: number | null;
}

/**
 * The lines of an attempt's log that contain a text or match a regular expression. Errors: `not_found`; `malformed` for a
 * text that is not a regular expression.
 */
export function searchLogVerb(context: EngineContext, indexes: LogLineIndexes) {
  return async ({ fromLine, limit, ...search }: LogSearch): Promise<LogSearchPage> => {
    const matches = lineMatcher(search);
    const charactersMax = search.isRegex ? viewLimits.charsSearchedByRegex : viewLimits.searchedChars;
    const { pages, index } = await attemptLog(context, indexes, search);
    const lines: number[] = [];
    let characters = 0;
    for await (const batch of readLines(pages, index, fromLine)) {
      for (const line of batch) {
        if (matches(line.text)) lines.push(line.number);
        characters += line.text.length;
        if (lines.length < limit && characters < charactersMax) continue;
        return { lines, nextLine: line.number < index.lineCount ? line.number + 1 : null };
      }
    }
    return { lines, nextLine: null };
  };
}
