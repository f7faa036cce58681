import { RE2JS } from 're2js';
import { DomainError } from './errors.js';

/** What a search of a log looks for in each line. */
export interface LogPattern {
  readonly text: string;
  /** Whether the text is a regular expression, in the syntax of RE2. */
  readonly isRegex: boolean;
  readonly matchCase: boolean;
}

/**
 * Whether a line matches. Regular expressions are those of RE2: their time grows with the length of the line and never
 * explodes, so they have no lookaround and no backreferences.
 *
 * Errors: `malformed` for a text that is not a regular expression.
 */
export function lineMatcher({ text, isRegex, matchCase }: LogPattern): (line: string) => boolean {
  if (isRegex) {
    const pattern = compile(text, matchCase ? 0 : RE2JS.CASE_INSENSITIVE);
    return (line) => pattern.test(line);
  }
  if (matchCase) return (line) => line.includes(text);
  const wanted = text.toLowerCase();
  return (line) => line.toLowerCase().includes(wanted);
}

function compile(text: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(text, flags);
  } catch (error) {
    // The library writes the flag before the text, where nobody wrote it.
    const why = (error as Error).message.replace(/^error parsing regexp: /, '').replace('`(?i)', '`');
    throw new DomainError('malformed', `text: not a regular expression (the syntax is that of RE2): ${why}`);
  }
}
