import { limits } from '../limits.js';
import { type Backoff, type ExitCodes, exitCodeMax, type RetryRule, retryCauses } from '../retry.js';
import type { Checker, Subject } from './checker.js';
import { keyAt, type Place, valueAt } from './place.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';

const expected = '"none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}';

/**
 * Reads a backoff, in the form of a workflow file (`none`, `{fixed: 5}`, `{exponential: {base: 2, max: 60, jitter:
 * true}}`) or of the API (`"None"`, `{"Fixed": {"delay_secs": 5}}`, `{"Exponential": {"base_secs": 2, "max_secs":
 * 60}}`).
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

const retryRules = `${retryCauses.map((cause) => `"${cause}"`).join(', ')}, exit codes and ranges such as 75 or "128-255"`;

/** Reads the causes that a retry may follow; null when absent, which allows any. */
export function readRetryOn(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
): readonly RetryRule[] | null {
  if (value === undefined || value === null) return null;
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) {
    checker.say(subject, `"retry-on" is empty; it is one or more of ${retryRules}`, place);
    return null;
  }
  if (items.length > limits.retryRulesPerJob) {
    const most = `at most ${limits.retryRulesPerJob} are allowed; write exit codes that follow each other as a range`;
    checker.say(subject, `"retry-on" has ${items.length} entries; ${most}`, place);
    return null;
  }
  const rules = items.map((item, index) =>
    readRetryRule(checker, subject, item, Array.isArray(value) ? valueAt(place, index) : place),
  );
  if (rules.includes(null)) return null;
  const causes = retryCauses.filter((cause) => rules.includes(cause));
  return [...causes, ...rules.filter((rule): rule is ExitCodes => rule !== null && typeof rule !== 'string')];
}

function readRetryRule(checker: Checker, subject: Subject, item: SourceValue, place: Place): RetryRule | null {
  const cause = retryCauses.find((one) => one === item);
  if (cause !== undefined) return cause;
  const codes = typeof item === 'number' || typeof item === 'string' ? exitCodesOf(String(item)) : null;
  if (codes === null) return checker.wrongType(subject, 'retry-on', `one or more of ${retryRules}`, item, place);
  if (codes.from > codes.to) {
    checker.say(
      subject,
      `"retry-on" has the range ${codes.from}-${codes.to}, whose end is before its beginning`,
      place,
    );
    return null;
  }
  if (codes.from >= 1 && codes.to <= exitCodeMax) return codes;
  const why = codes.from === 0 ? '; 0 is success' : '';
  checker.say(subject, `"retry-on": an exit code is a whole number from 1 to ${exitCodeMax}${why}`, place);
  return null;
}

function exitCodesOf(text: string): ExitCodes | null {
  const match = /^([0-9]{1,9})(?:-([0-9]{1,9}))?$/.exec(text);
  return match === null ? null : { from: Number(match[1]), to: Number(match[2] ?? match[1]) };
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

/**
 * Reads the named delays, each also under the API's name with `_secs`. All are required, and nothing else is allowed.
 */
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
