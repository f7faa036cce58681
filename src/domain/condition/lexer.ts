import { ConditionError, type Span } from './expression.js';

export type Token = Span &
  (
    | { readonly kind: 'name'; readonly text: string }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'symbol'; readonly text: string }
    | { readonly kind: 'end' }
  );

const blanks = /[ \t\r\n]+/y;
const name = /[A-Za-z_][A-Za-z0-9_-]*/y;
const number = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.])/y;
const singleQuoted = /'(?:[^']|'')*'/y;
const doubleQuoted = /"(?:[^"\\]|\\["\\])*"/y;
const symbol = /==|!=|<=|>=|&&|\|\||[<>!().,[\]]/y;

/** Habits from other languages. */
const instead = new Map([
  ['=', '"=="'],
  ['&', '"&&" or "and"'],
  ['|', '"||" or "or"'],
]);

/**
 * Splits the source from `start` to `end` into tokens; the last one is of kind `end`. Errors: {@link ConditionError}.
 */
export function tokenize(source: string, start: number, end: number): Token[] {
  const tokens: Token[] = [];
  let at = start;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    return text === undefined || at + text.length > end ? null : text;
  };
  while (true) {
    at += match(blanks)?.length ?? 0;
    if (at >= end) break;
    const token = readToken(source, at, match);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', start: end, end });
  return tokens;
}

function readToken(source: string, at: number, match: (pattern: RegExp) => string | null): Token {
  const span = (text: string): Span => ({ start: at, end: at + text.length });
  let text = match(name);
  if (text !== null) return { kind: 'name', text, ...span(text) };
  text = match(number);
  if (text !== null) return { kind: 'number', value: Number(text), ...span(text) };
  text = match(singleQuoted);
  if (text !== null) return { kind: 'string', value: text.slice(1, -1).replaceAll("''", "'"), ...span(text) };
  text = match(doubleQuoted);
  if (text !== null) return { kind: 'string', value: text.slice(1, -1).replace(/\\(.)/g, '$1'), ...span(text) };
  text = match(symbol);
  if (text !== null) return { kind: 'symbol', text, ...span(text) };

  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (character === "'" || character === '"') {
    const escapes =
      character === '"' && source.includes('"', at + 1) ? '; a backslash may stand only before " or \\' : '';
    throw new ConditionError(`the text that begins here has no closing ${character}${escapes}`, at);
  }
  if (source.startsWith('${{', at) || source.startsWith('}}', at)) {
    throw new ConditionError(`only the whole condition can be wrapped in \${{ }}`, at);
  }
  if (/[0-9-]/.test(character)) throw new ConditionError('this is not a number', at);
  const hint = instead.get(character);
  throw new ConditionError(`unexpected "${character}"${hint === undefined ? '' : `, did you mean ${hint}?`}`, at);
}
