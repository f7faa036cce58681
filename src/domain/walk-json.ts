/** What a walk through a JSON text meets, with offsets in UTF-16 units from 0. */
export interface JsonVisitor {
  /** A key of an object, before its value. */
  key(key: string, offset: number): void;
  /** A value begins. For a list's item `index` is its number from 0, else null. */
  value(offset: number, index: number | null): void;
  open(kind: 'object' | 'list'): void;
  close(): void;
}

class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const nothing: JsonVisitor = { key() {}, value() {}, open() {}, close() {} };

/** The first syntax error of a text; null when the text is JSON. */
export function jsonSyntaxError(text: string): JsonSyntaxError | null {
  try {
    walkJson(text, nothing);
    return null;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error;
    throw error;
  }
}

const blanks = /[ \t\r\n]*/y;
// One expression for a whole string would need the stack for each of its characters, and strings have millions.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const plainCharacters = /[^"\\\u0000-\u001f]*/y;
const escapedCharacter = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const scalar = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.+-])/y;

/**
 * Walks through a JSON text. `JSON.parse` is faster, but reports neither offsets nor repeated keys: texts with a
 * problem are walked. There is no recursion, because a text may nest brackets a million deep; the parsers of `yaml` and
 * `jsonc-parser` recurse.
 *
 * @throws JsonSyntaxError
 */
export function walkJson(text: string, visitor: JsonVisitor): void {
  let at = 0;
  const stack: { object: boolean; count: number }[] = [];

  const skipBlanks = (): void => {
    blanks.lastIndex = at;
    blanks.exec(text);
    at = blanks.lastIndex;
  };
  const found = (): string => {
    if (at >= text.length) return 'the end of the text';
    return text[at] === '"' ? 'a text' : `"${String.fromCodePoint(text.codePointAt(at) ?? 0)}"`;
  };
  const fail = (expected: string): never => {
    throw new JsonSyntaxError(`expected ${expected}, found ${found()}`, at);
  };
  const readString = (): string => {
    let end = at + 1;
    for (let isEscaped = true; isEscaped; ) {
      plainCharacters.lastIndex = end;
      plainCharacters.exec(text);
      escapedCharacter.lastIndex = plainCharacters.lastIndex;
      isEscaped = escapedCharacter.test(text);
      end = isEscaped ? escapedCharacter.lastIndex : plainCharacters.lastIndex;
    }
    if (text[end] !== '"') {
      throw new JsonSyntaxError(
        'the text that begins here is not closed, or has a bad escape or a control character',
        at,
      );
    }
    const literal = text.slice(at, end + 1);
    at = end + 1;
    return literal;
  };
  /** Reads a key and its colon. */
  const readKey = (): void => {
    const start = at;
    const literal = readString();
    skipBlanks();
    if (text[at] !== ':') fail('":" after the key');
    at++;
    skipBlanks();
    visitor.key(JSON.parse(literal) as string, start);
  };
  /** Reads a scalar, or opens a list or object. True when a value is complete. */
  const readValue = (): boolean => {
    const top = stack.at(-1);
    visitor.value(at, top === undefined || top.object ? null : top.count - 1);
    const first = text[at];
    if (first === '{' || first === '[') {
      at++;
      stack.push({ object: first === '{', count: 0 });
      visitor.open(first === '{' ? 'object' : 'list');
      return false;
    }
    if (first === '"') readString();
    else {
      scalar.lastIndex = at;
      const literal = scalar.exec(text)?.[0];
      if (literal === undefined) fail('a value');
      else at += literal.length;
    }
    return true;
  };

  skipBlanks();
  readValue();
  while (stack.length > 0) {
    const top = stack.at(-1);
    if (top === undefined) break;
    skipBlanks();
    const closing = top.object ? '}' : ']';
    if (text[at] === closing) {
      at++;
      stack.pop();
      visitor.close();
      continue;
    }
    if (top.count > 0) {
      if (text[at] !== ',') fail(`"," or "${closing}"`);
      at++;
      skipBlanks();
      if (text[at] === closing) fail(top.object ? 'a key after ","' : 'a value after ","');
    }
    top.count++;
    if (top.object) {
      if (text[at] !== '"') fail(top.count === 1 ? 'a key in double quotes or "}"' : 'a key in double quotes');
      readKey();
    }
    readValue();
  }
  skipBlanks();
  if (at < text.length) fail('nothing more');
}
