import { limits } from '../limits.js';
import type { Backoff } from '../retry.js';
import type { Checker, Subject } from './checker.js';
import { keyAt, type Place, valueAt } from './place.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';

const expected = '"none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}';

/**
 * Reads a backoff, as a workflow file writes it (`none`, `{fixed: 5}`, `{exponential: {base: 2, max: 60, jitter: true}}`)
 * or as the API does (`"None"`, `{"Fixed": {"delay_secs": 5}}`, `{"Exponential": {"base_secs": 2, "max_secs": 60}}`).
 */
export function readBackoff(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): Backoff {
  const none: Backoff = { kind: 'none' };
  if (value === undefined || value === null || value === 'none' || value === 'None') return none;
  const keys = isSourceObject(value) ? Object.keys(value) : [];
  const kind = keys[0];
  if (!isSourceObject(value) || kind === undefined || keys.length > 1) {
    checker.wrongType(subject, 'backoff', expected, value, place);
    return none;
  }
  const inner = value[kind] ?? null;
  const at = valueAt(place, kind);
  if (kind === 'fixed' || kind === 'Fixed') return readFixed(checker, subject, inner, at) ?? none;
  if (kind === 'exponential' || kind === 'Exponential') return readExponential(checker, subject, inner, at) ?? none;
  checker.say(subject, `"backoff" must be ${expected}, not "${kind}"`, keyAt(place, kind));
  return none;
}

export function readRetries(
  checker: Checker,
  subject: Subject,
  key: string,
  value: SourceValue | undefined,
  place: Place,
): number {
  return checker.wholeNumber(subject, key, value, place, 0, limits.retriesMax) ?? 0;
}

function readFixed(checker: Checker, subject: Subject, value: SourceValue, place: Place): Backoff | null {
  if (!isSourceObject(value)) {
    const delaySecs = readDelay(checker, subject, 'fixed', value, place);
    return delaySecs === null ? null : { kind: 'fixed', delaySecs };
  }
  const fields = readFields(checker, subject, value, place, ['delay']);
  return fields === null ? null : { kind: 'fixed', delaySecs: fields.get('delay') ?? 0 };
}

function readExponential(checker: Checker, subject: Subject, value: SourceValue, place: Place): Backoff | null {
  if (!isSourceObject(value))
    return checker.wrongType(subject, 'backoff.exponential', '{base: 2, max: 60}', value, place);
  const { jitter = false, ...rest } = value;
  if (typeof jitter !== 'boolean')
    return checker.wrongType(subject, 'jitter', 'true or false', jitter, valueAt(place, 'jitter'));
  const fields = readFields(checker, subject, rest, place, ['base', 'max']);
  if (fields === null) return null;
  const baseSecs = fields.get('base') ?? 0;
  const maxSecs = fields.get('max') ?? 0;
  if (baseSecs > maxSecs) {
    checker.say(subject, `"backoff" has a base of ${baseSecs} s, which is more than its max of ${maxSecs} s`, place);
    return null;
  }
  return { kind: 'exponential', baseSecs, maxSecs, jitter };
}

/** Reads the named delays, each also under the API's name with `_secs`. All must be there, and nothing else. */
function readFields(
  checker: Checker,
  subject: Subject,
  object: SourceObject,
  place: Place,
  names: readonly string[],
): ReadonlyMap<string, number> | null {
  const fields = new Map<string, number>();
  let good = true;
  for (const key of Object.keys(object)) {
    const name = key.replace(/_secs$/, '');
    if (!names.includes(name) || fields.has(name)) {
      checker.say(subject, `"backoff" has an unknown key "${key}"; it is ${names.join(' and ')}`, keyAt(place, key));
      good = false;
      continue;
    }
    const secs = readDelay(checker, subject, key, object[key] ?? null, valueAt(place, key));
    if (secs === null) good = false;
    fields.set(name, secs ?? 0);
  }
  for (const name of names) {
    if (fields.has(name)) continue;
    if (good) checker.say(subject, `"backoff" lacks "${name}"`, place);
    good = false;
  }
  return good ? fields : null;
}

function readDelay(checker: Checker, subject: Subject, key: string, value: SourceValue, place: Place): number | null {
  if (value === null) return checker.wrongType(subject, key, 'seconds', value, place);
  return checker.seconds(subject, key, value, place, 0);
}
