import { bareObject } from '../json.js';
import { limits, utf8Bytes } from '../limits.js';
import { type Checker, describe, type Subject, shortText, textFault } from './checker.js';
import type { Env } from './definition.js';
import { keyAt, type Place, valueAt } from './place.js';
import { type SourceValue, WrittenNumber } from './source.js';
import { envNamePattern } from './value-schemas.js';

export const emptyEnv: Env = Object.freeze(bareObject<string>());

/** Reads an `env` and merges it over another one. Numbers keep their written form; null is the empty text. */
export function readEnv(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  outer: Env,
): Env {
  const object = checker.object(subject, 'env', value, place, 'a map of names to values');
  const names = object === null ? [] : Object.keys(object);
  if (object === null || names.length === 0) return outer;
  if (!checker.takeChars(envChars(outer))) return outer;
  const env = bareObject<string>();
  for (const name of Object.keys(outer)) env[name] = outer[name] ?? '';
  for (const name of names) {
    if (name.length > limits.envNameChars) {
      const said = `the variable name ${shortText(name)} has ${name.length} characters; at most ${limits.envNameChars} are allowed`;
      checker.say(subject, said, keyAt(place, name));
      continue;
    }
    if (!envNamePattern.test(name)) {
      checker.say(
        subject,
        `${shortText(name)} cannot be the name of a variable; it has letters, digits and "_", and no digit first`,
        keyAt(place, name),
      );
      continue;
    }
    const text = readValue(checker, subject, name, object[name] ?? null, valueAt(place, name));
    if (text !== null) env[name] = text;
  }
  checkSize(checker, subject, env, place);
  return env;
}

/** Characters of the names and values, including what it takes to set them. */
export function envChars(env: Env): number {
  let chars = 0;
  for (const name of Object.keys(env)) chars += 16 + name.length + (env[name]?.length ?? 0);
  return chars;
}

function readValue(checker: Checker, subject: Subject, name: string, value: SourceValue, place: Place): string | null {
  if (value === null) return '';
  if (value instanceof WrittenNumber) return value.text;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') {
    checker.say(subject, `variable "${name}" must be a text, a number or a boolean, not ${describe(value)}`, place);
    return null;
  }
  const fault = textFault(value);
  if (fault !== null) checker.say(subject, `variable "${name}" ${fault}`, place);
  return value;
}

function checkSize(checker: Checker, subject: Subject, env: Env, place: Place): void {
  const names = Object.keys(env);
  if (names.length > limits.envEntries) {
    checker.say(subject, `"env" has ${names.length} variables; at most ${limits.envEntries} are allowed`, place);
    return;
  }
  let bytes = 0;
  for (const name of names) bytes += name.length + utf8Bytes(env[name] ?? '');
  if (bytes > limits.envBytes) {
    checker.say(subject, `"env" takes ${bytes} bytes; at most ${limits.envBytes} are allowed`, place);
  }
}
