import { bareObject, type JsonValue } from '../json.js';
import type { Place } from './place.js';

/**
 * A number as YAML writes it, kept where a conversion to a number and back would change it: `1.10` is a valid value of
 * an environment variable and must not become `1.1`.
 */
export class WrittenNumber {
  readonly value: number;
  readonly text: string;

  constructor(value: number, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** The content of a definition's text: JSON's values, and numbers in their written form. */
export type SourceValue = string | number | boolean | null | WrittenNumber | SourceValue[] | SourceObject;

export interface SourceObject {
  [key: string]: SourceValue;
}

/** A mistake in the text itself. */
export interface TextProblem {
  readonly message: string;
  readonly path: readonly (string | number)[];
  /** In UTF-16 units from 0. */
  readonly offset: number;
}

/** A parsed text. */
export interface Source {
  readonly value: SourceValue;
  /** Problems that leave a usable value, such as a duplicate key. */
  readonly problems: readonly TextProblem[];
  /** Offsets of places in the text, in UTF-16 units from 0; null for one that is not found. */
  locate(places: readonly (Place | null)[]): (number | null)[];
}

export type SourceResult =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly problems: readonly TextProblem[] };

export function isSourceObject(value: SourceValue): value is SourceObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber);
}

/** The value in JSON's form. */
export function toJson(value: SourceValue): JsonValue {
  if (value instanceof WrittenNumber) return value.value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== 'object') return value;
  const object = bareObject<JsonValue>();
  for (const key of Object.keys(value)) object[key] = toJson(value[key] ?? null);
  return object;
}

/** Converts offsets in a text to lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Line and column from 1. */
  at(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}
