import type { Reference } from '../condition/expression.js';
import { variablesNamed } from '../condition/references.js';
import { limits } from '../limits.js';
import { HintBudget } from '../suggest.js';
import { keyMeant } from './key-meant.js';
import type { KeyRow } from './key-row.js';
import { whatToWrite } from './keys-elsewhere.js';
import { keyAt, type Place, valueAt } from './place.js';
import { isSourceObject, type SourceObject, type SourceValue, WrittenNumber } from './source.js';

export interface FoundProblem {
  readonly message: string;
  readonly place: Place | null;
  readonly job: string | null;
}

/**
 * The owner of the values being read, for messages: `job "build"`, `step 2 of job "build"`, or nothing for the
 * workflow.
 */
export interface Subject {
  readonly label: string;
  readonly job: string | null;
}

export const theWorkflow: Subject = { label: '', job: null };

/**
 * Collects mistakes while a definition is read. Its readers return null for a value that is absent (or null) and for an
 * invalid one; the latter is reported, and reading continues.
 */
export class Checker {
  readonly found: FoundProblem[] = [];
  /** Valid parts of the definition that are hardly meant. */
  readonly warnings: FoundProblem[] = [];
  /** Problems beyond the limit; they are only counted. */
  uncounted = 0;
  readonly hints = new HintBudget();
  /** The server variables that the definition's expressions read. */
  readonly variables = new Set<string>();

  #chars = 0;

  /**
   * Counts the characters of the jobs. False once they exceed the limit, which is reported: then no more memory may be
   * allocated for them.
   */
  takeChars(chars: number): boolean {
    const fitted = this.#chars <= limits.jobsChars;
    this.#chars += chars;
    const fits = this.#chars <= limits.jobsChars;
    if (fitted && !fits) {
      this.add(`the jobs take more than ${limits.jobsChars} characters with "env" merged into each`, null, null);
    }
    return fits;
  }

  /** Collects the server variables that an expression reads. */
  noteVariables(found: readonly Reference[]): void {
    for (const name of variablesNamed(found)) this.variables.add(name);
  }

  get isClean(): boolean {
    return this.found.length === 0;
  }

  get isFull(): boolean {
    return this.found.length >= limits.problemsReported;
  }

  add(message: string, place: Place | null, job: string | null): void {
    if (this.isFull) this.uncounted++;
    else this.found.push({ message, place, job });
  }

  warn(subject: Subject, message: string, place: Place | null): void {
    if (this.warnings.length >= limits.problemsReported) return;
    this.warnings.push({ message: against(subject, message), place, job: subject.job });
  }

  /** Reports against a subject: `job "build": "retries" must be …`. */
  say(subject: Subject, message: string, place: Place | null): void {
    this.add(against(subject, message), place, subject.job);
  }

  wrongType(subject: Subject, key: string, expected: string, value: SourceValue, place: Place | null): null {
    this.say(subject, `"${key}" must be ${expected}, not ${describe(value)}`, place);
    return null;
  }

  unknownKeys(subject: Subject, object: SourceObject, known: ReadonlyMap<string, KeyRow>, place: Place | null): void {
    for (const key of Object.keys(object)) {
      if (known.has(key)) continue;
      const instead = whatToWrite(key, known);
      if (instead !== null) {
        this.say(subject, `unknown key ${shortText(key)}: ${instead}`, keyAt(place, key));
        continue;
      }
      const meant = this.isFull ? null : keyMeant(key, known, this.hints);
      const likely = meant === null ? '' : `, did you mean "${meant}"?`;
      const hint = key === '<<' ? ' (YAML 1.2 has no merge keys; an alias stands for a whole value)' : likely;
      this.say(subject, `unknown key ${shortText(key)}${hint}`, keyAt(place, key));
    }
  }

  /** A text of one line: not empty, no control characters. */
  line(subject: Subject, key: string, value: SourceValue | undefined, place: Place, charsMax: number): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') return this.wrongType(subject, key, textExpected(value), value, place);
    const fault = lineFault(value, charsMax);
    if (fault === null) return value;
    this.say(subject, `"${key}" ${fault}`, place);
    return null;
  }

  /** A text of any lines that can be passed to a process: not blank, no NUL. */
  script(subject: Subject, key: string, value: SourceValue | undefined, place: Place): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') return this.wrongType(subject, key, textExpected(value), value, place);
    const fault = value.trim() === '' ? 'is empty' : textFault(value);
    if (fault === null) return value;
    this.say(subject, `"${key}" ${fault}`, place);
    return null;
  }

  wholeNumber(
    subject: Subject,
    key: string,
    value: SourceValue | undefined,
    place: Place,
    min: number,
    max: number,
  ): number | null {
    if (value === undefined || value === null) return null;
    const number = value instanceof WrittenNumber ? value.value : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
    return this.wrongType(subject, key, `a whole number from ${min} to ${max}`, value, place);
  }

  boolean(subject: Subject, key: string, value: SourceValue | undefined, place: Place): boolean | null {
    if (value === undefined || value === null) return null;
    return typeof value === 'boolean' ? value : this.wrongType(subject, key, 'true or false', value, place);
  }

  /** Whole seconds: a number, or a text such as `90s`, `5m`, `1h`, `2d`. */
  seconds(subject: Subject, key: string, value: SourceValue | undefined, place: Place, min: number): number | null {
    if (value === undefined || value === null) return null;
    const secs = secondsOf(value);
    if (secs !== null && secs >= min && secs <= limits.durationSecsMax) return secs;
    const expected = `whole seconds from ${min} to ${limits.durationSecsMax}, or a text such as "90s", "5m" or "1h"`;
    return this.wrongType(subject, key, expected, value, place);
  }

  /** One text, or a list of texts. {@link itemPlace} gives the place of each. */
  lines(
    subject: Subject,
    key: string,
    value: SourceValue | undefined,
    place: Place,
    charsMax: number,
    itemsMax: number,
  ): string[] {
    if (value === undefined || value === null) return [];
    if (typeof value !== 'string' && !Array.isArray(value)) {
      this.wrongType(subject, key, 'a text or a list of texts', value, place);
      return [];
    }
    const items = typeof value === 'string' ? [value] : value;
    if (items.length > itemsMax) {
      this.say(subject, `"${key}" has ${items.length} entries; at most ${itemsMax} are allowed`, place);
      return [];
    }
    const texts: string[] = [];
    for (const [index, item] of items.entries()) {
      const fault =
        typeof item === 'string' ? lineFault(item, charsMax) : `must be ${textExpected(item)}, not ${describe(item)}`;
      const which = Array.isArray(value) ? `"${key}" entry ${index + 1}` : `"${key}"`;
      if (fault === null) texts.push(item as string);
      else this.say(subject, `${which} ${fault}`, itemPlace(value, place, index));
    }
    return texts;
  }

  object(
    subject: Subject,
    key: string,
    value: SourceValue | undefined,
    place: Place,
    expected = 'a map',
  ): SourceObject | null {
    if (value === undefined || value === null) return null;
    return isSourceObject(value) ? value : this.wrongType(subject, key, expected, value, place);
  }
}

function against({ label }: Subject, message: string): string {
  return label === '' ? message : `${label}: ${message}`;
}

/** The place of an entry of a list; a single text in place of a list is its own only entry. */
function itemPlace(value: SourceValue | undefined, place: Place, index: number): Place {
  return Array.isArray(value) ? valueAt(place, index) : place;
}

export function describe(value: SourceValue): string {
  if (value === null) return 'null';
  if (value instanceof WrittenNumber) return `the number ${value.text}`;
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : `the text ${shortText(value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return 'a map';
  }
}

/** In quotes, cut to the length of a message. */
export function shortText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Why a text cannot be passed to a process or a database; null when it can. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'contains the character U+0000';
  return text.isWellFormed() ? null : 'contains half of a surrogate pair';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** Why a text is no line of limited length; null when it is one. */
export function lineFault(text: string, charsMax: number): string | null {
  if (text === '') return 'is empty';
  if (text.length > charsMax) return `has ${text.length} characters; at most ${charsMax} are allowed`;
  return controlCharacters.test(text) ? 'contains a line break or another control character' : textFault(text);
}

function textExpected(value: SourceValue): string {
  const scalar = typeof value === 'number' || typeof value === 'boolean' || value instanceof WrittenNumber;
  return scalar ? 'a text in quotes' : 'a text';
}

const unitSecs = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/** Whole seconds, written as a number or as a text with a unit; null for anything else. */
export function secondsOf(value: SourceValue): number | null {
  if (value instanceof WrittenNumber) return secondsOf(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  const parts = typeof value === 'string' ? /^([0-9]{1,9})([smhd])$/.exec(value) : null;
  return parts === null ? null : Number(parts[1]) * (unitSecs.get(parts[2] ?? '') ?? 1);
}
