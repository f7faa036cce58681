import type { JsonValue } from '../json.js';
import { exceedsBytes, limits } from '../limits.js';
import { nearest } from '../suggest.js';
import type { InputDeclaration } from './declaration.js';

/** A value in the form that is stored, shown and passed to jobs; or why it is invalid. */
export type CanonicalInput =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: string };

const jsonNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/**
 * The canonical form of a value of an input: numbers as JSON writes them, `true` or `false`, JSON without blanks. A
 * fault completes the sentence `input "x" …`.
 */
export function canonicalInput(declaration: InputDeclaration, text: string): CanonicalInput {
  if (exceedsBytes(text, limits.inputValueBytes)) {
    return fault(`takes more than ${limits.inputValueBytes} bytes`);
  }
  switch (declaration.type) {
    case 'string':
      return canonicalString(declaration, text);
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { ok: true, text }
        : fault(`must be true or false, not ${shown(text)}`);
    case 'number':
      return canonicalNumber(declaration, text);
    case 'choice':
      return canonicalChoice(declaration.options ?? [], text);
    case 'json':
      return canonicalJson(text);
  }
}

/** The value of a canonical text for expressions. */
export function inputValue(type: InputDeclaration['type'], text: string): JsonValue {
  switch (type) {
    case 'string':
    case 'choice':
      return text;
    case 'boolean':
      return text === 'true';
    case 'number':
      return Number(text);
    case 'json':
      return JSON.parse(text) as JsonValue;
  }
}

function canonicalString({ maxLength }: InputDeclaration, text: string): CanonicalInput {
  if (text.includes('\0')) return fault('contains the character U+0000');
  if (!text.isWellFormed()) return fault('contains half of a surrogate pair');
  if (maxLength !== null && text.length > maxLength) {
    return fault(`has ${text.length} characters; at most ${maxLength} are allowed`);
  }
  return { ok: true, text };
}

function canonicalNumber({ min, max, integer }: InputDeclaration, text: string): CanonicalInput {
  const value = jsonNumber.test(text) ? Number(text) : Number.NaN;
  const isRight =
    Number.isFinite(value) &&
    (!integer || Number.isInteger(value)) &&
    (min === null || value >= min) &&
    (max === null || value <= max);
  if (!isRight) return fault(`must be ${numberExpected(integer, min, max)}, not ${shown(text)}`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return fault(`is ${shown(text)}, a number too large to be kept exactly; declare it as a string`);
  }
  return { ok: true, text: JSON.stringify(value) };
}

function numberExpected(integer: boolean, min: number | null, max: number | null): string {
  const kind = integer ? 'a whole number' : 'a number';
  if (min !== null && max !== null) return `${kind} from ${min} to ${max}`;
  if (min !== null) return `${kind} of at least ${min}`;
  return max === null ? kind : `${kind} of at most ${max}`;
}

/** A message names only the first of very many options. */
const optionsNamedMax = 10;

function canonicalChoice(options: readonly string[], text: string): CanonicalInput {
  if (options.includes(text)) return { ok: true, text };
  const near = nearest(text, options);
  const named = options.slice(0, optionsNamedMax).map((option) => JSON.stringify(option));
  const more = options.length > optionsNamedMax ? ` or one of ${options.length - optionsNamedMax} more` : '';
  const hint = near === null ? '' : `; did you mean ${JSON.stringify(near)}?`;
  return fault(`must be one of ${named.join(', ')}${more}, not ${shown(text)}${hint}`);
}

function canonicalJson(text: string): CanonicalInput {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return fault(`must be JSON, not ${shown(text)}`);
  }
  if (isDeeper(value, limits.inputJsonDepth)) {
    return fault(`has more than ${limits.inputJsonDepth} lists and maps inside each other`);
  }
  return { ok: true, text: JSON.stringify(value) };
}

/** Whether lists and maps are nested more than `max` levels deep. Without recursion: the text comes from outside. */
function isDeeper(value: JsonValue, max: number): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; ; depth++) {
    const inner: JsonValue[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= max) return true;
      for (const member of Object.values(item)) inner.push(member as JsonValue);
    }
    if (inner.length === 0) return false;
    level = inner;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function fault(text: string): CanonicalInput {
  return { ok: false, fault: text };
}
