import { ApiError } from '../../api/errors.js';

/**
 * Parses a request's body; nothing, or only white space, is `undefined`.
 *
 * @throws ApiError `malformed`, with the position of the first character that cannot be there.
 */
export function parseJson(text: string): unknown {
  if (text.length === 0) return undefined;
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (error) {
    if (body.trim() === '') return undefined;
    throw new ApiError('malformed', `the body is not valid JSON: ${whereBroken(body)}`, { cause: error });
  }
}

/** The engine's own message names the place only for some mistakes, so the text is read again for all. */
function whereBroken(text: string): string {
  const at = firstBadIndex(text);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const place = `at line ${line}, column ${column}`;
  return at >= text.length ? `it ends too early, ${place}` : `unexpected ${named(text, at)} ${place}`;
}

function named(text: string, at: number): string {
  return JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow these in strings
const stringPart = /[^"\\\u0000-\u001f]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where a text stops being JSON. A loop and no recursion, for the text may be brackets a million deep. */
function firstBadIndex(text: string): number {
  /** The closing brackets that are still to come. */
  const open: ('}' | ']')[] = [];
  let at = 0;
  let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'next' = 'value';

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const length = pattern.exec(text)?.[0].length ?? 0;
    at += length;
    return length > 0;
  };
  const word = (literal: string): boolean => {
    for (const letter of literal) {
      if (text[at] !== letter) return false;
      at++;
    }
    return true;
  };
  const string = (): boolean => {
    at++;
    do skip(stringPart);
    while (skip(escapeSequence));
    if (text[at] !== '"') return false;
    at++;
    return true;
  };

  for (;;) {
    skip(space);
    const next = text[at];
    if (expected === 'next') {
      const closing = open.at(-1);
      if (closing === undefined || next === undefined) return at;
      if (next === closing) {
        open.pop();
      } else if (next === ',') {
        expected = closing === '}' ? 'key' : 'value';
      } else return at;
      at++;
    } else if (expected === 'key' || expected === 'key or }') {
      if (next === '}' && expected === 'key or }') {
        open.pop();
        at++;
        expected = 'next';
        continue;
      }
      if (next !== '"' || !string()) return at;
      skip(space);
      if (text[at] !== ':') return at;
      at++;
      expected = 'value';
    } else if (next === ']' && expected === 'value or ]') {
      open.pop();
      at++;
      expected = 'next';
    } else if (next === '{' || next === '[') {
      open.push(next === '{' ? '}' : ']');
      at++;
      expected = next === '{' ? 'key or }' : 'value or ]';
    } else {
      const literal = next === 't' ? 'true' : next === 'f' ? 'false' : next === 'n' ? 'null' : null;
      const good = next === '"' ? string() : literal === null ? skip(number) : word(literal);
      if (!good) return at;
      expected = 'next';
    }
  }
}
