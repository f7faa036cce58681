import { jsonSyntaxError, walkJson } from '../walk-json.js';
import { type Place, pathOf } from './place.js';
import type { SourceResult, SourceValue, TextProblem } from './source.js';

/**
 * Reads a JSON text. The fast path is `JSON.parse` and a count of keys; the text is only walked to locate a problem.
 */
export function readJsonSource(text: string, depthMax: number): SourceResult {
  let value: SourceValue;
  try {
    value = JSON.parse(text) as SourceValue;
  } catch {
    return { ok: false, problems: [syntaxProblem(text)] };
  }
  const shape = measure(value, depthMax);
  if (shape.depth > depthMax) {
    const message = `more than ${depthMax} lists and objects inside each other`;
    return { ok: false, problems: [{ message, path: [], offset: 0 }] };
  }
  // JSON.parse keeps the last of equal keys, so then the text has more keys than the value.
  const problems = shape.keys === countKeys(text) ? [] : findDuplicateKeys(text);
  return { ok: true, source: { value, problems, locate: (places) => locate(text, places) } };
}

function syntaxProblem(text: string): TextProblem {
  const error = jsonSyntaxError(text);
  const why = error === null ? '' : `: ${error.message}`;
  return { message: `not valid JSON${why}`, path: [], offset: error?.offset ?? 0 };
}

/** Stops when it is too deep. */
function measure(root: SourceValue, depthMax: number): { keys: number; depth: number } {
  let keys = 0;
  let depth = 0;
  let level: object[] = typeof root === 'object' && root !== null ? [root] : [];
  while (level.length > 0 && depth <= depthMax) {
    depth++;
    const next: object[] = [];
    for (const value of level) {
      const children: unknown[] = Array.isArray(value) ? value : Object.values(value);
      if (!Array.isArray(value)) keys += children.length;
      for (const child of children) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return { keys, depth };
}

/** Number of strings of a valid JSON text that are keys: those before a colon. */
function countKeys(text: string): number {
  let keys = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at++;
    while (true) {
      const unit = text.charCodeAt(at);
      if (unit === 0x5c) at += 2;
      else if (unit === 0x22) break;
      else at++;
    }
    at++;
    let after = text.charCodeAt(at);
    while (after === 0x20 || after === 0x0a || after === 0x0d || after === 0x09) after = text.charCodeAt(++at);
    if (after === 0x3a) keys++;
  }
  return keys;
}

function findDuplicateKeys(text: string): TextProblem[] {
  const problems: TextProblem[] = [];
  walkWithPath(text, {
    key(path, offset, repeated) {
      const key = path.at(-1);
      if (repeated) problems.push({ message: `the key ${JSON.stringify(key)} appears twice`, path: [...path], offset });
    },
    value() {},
  });
  return problems;
}

/** Finds all places in one walk. A repeated key means its last value, as for `JSON.parse`. */
function locate(text: string, places: readonly (Place | null)[]): (number | null)[] {
  const wanted = new Map<string, number[]>();
  places.forEach((place, index) => {
    const id = JSON.stringify([place?.part ?? 'value', ...pathOf(place)]);
    wanted.set(id, [...(wanted.get(id) ?? []), index]);
  });
  // Most of a big text is nowhere near a problem: a path is only built when its length and last key may be right.
  const lastKeys = new Set(places.map((place) => place?.key ?? null));
  const depths = new Set(places.map((place) => pathOf(place).length));
  const offsets: (number | null)[] = places.map(() => null);
  const note = (part: 'key' | 'value', path: readonly (string | number)[], offset: number): void => {
    if (!depths.has(path.length) || !lastKeys.has(path.at(-1) ?? null)) return;
    for (const index of wanted.get(JSON.stringify([part, ...path])) ?? []) {
      const into = places[index]?.offset ?? 0;
      offsets[index] = into > 0 && isPlainText(text, offset, into) ? offset + 1 + into : offset;
    }
  };
  walkWithPath(text, {
    key: (path, offset) => note('key', path, offset),
    value: (path, offset) => note('value', path, offset),
  });
  return offsets;
}

/**
 * Whether the string literal at the offset has no escapes in its first characters, so that characters can be counted.
 */
function isPlainText(text: string, offset: number, characters: number): boolean {
  return text[offset] === '"' && !text.slice(offset + 1, offset + 1 + characters).includes('\\');
}

interface PathVisitor {
  key(path: readonly (string | number)[], offset: number, repeated: boolean): void;
  value(path: readonly (string | number)[], offset: number): void;
}

function walkWithPath(text: string, visitor: PathVisitor): void {
  const path: (string | number)[] = [];
  const keys: (Set<string> | null)[] = [];
  walkJson(text, {
    key(key, offset) {
      const seen = keys.at(-1);
      path[path.length - 1] = key;
      visitor.key(path, offset, seen?.has(key) ?? false);
      seen?.add(key);
    },
    value(offset, index) {
      if (index !== null) path[path.length - 1] = index;
      visitor.value(path, offset);
    },
    open(kind) {
      path.push('');
      keys.push(kind === 'object' ? new Set() : null);
    },
    close() {
      path.pop();
      keys.pop();
    },
  });
}
