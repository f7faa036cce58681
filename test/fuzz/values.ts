import type { JsonObject, JsonValue } from '../../src/domain/json.js';
import type { Random } from '../crash/random.js';
import { type KnownIds, kinds } from './known-ids.js';

/** A JSON value as text, because some of them have no JavaScript value. */
export type JsonText = string;

export interface ValueSource {
  readonly random: Random;
  readonly ids: KnownIds;
  /** Follows a reference of the description. */
  readonly resolve: (schema: JsonObject) => JsonObject;
  /** The probability of a wrong value. */
  readonly wrongShare: number;
}

/** A value for a schema: usually a valid one, sometimes one just out of range, sometimes a hostile one. */
export function valueFor(source: ValueSource, schema: JsonObject, name = ''): JsonText {
  const { random, wrongShare } = source;
  if (random.chance(wrongShare)) return random.chance(0.5) ? justBeyond(source, schema) : random.pick(hostileValues);
  return allowed(source, source.resolve(schema), name);
}

function allowed(source: ValueSource, schema: JsonObject, name: string): JsonText {
  const { random } = source;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return JSON.stringify(random.pick(schema.enum));
  const choices = [schema.oneOf, schema.anyOf].find(Array.isArray);
  if (choices !== undefined && schema.properties === undefined) {
    return valueFor(source, random.pick(choices) as JsonObject, name);
  }
  switch (Array.isArray(schema.type) ? random.pick(schema.type) : schema.type) {
    case 'string':
      return JSON.stringify(textFor(source, schema, name));
    case 'integer':
      return String(wholeNumber(random, schema, name));
    case 'number':
      // A long poll would wait; a short one works as well.
      return name === 'wait_secs' ? String(random.next() / 50) : String(random.next() * 100);
    case 'boolean':
      return String(random.chance(0.5));
    case 'null':
      return 'null';
    case 'array':
      return list(source, schema, name);
    case 'object':
      return object(source, schema);
    default:
      return random.pick(hostileValues);
  }
}

/** A valid text of the schema; a known id for id fields. */
export function textFor({ random, ids }: ValueSource, schema: JsonObject, name: string): string {
  const kind = kinds[name];
  if (kind !== undefined && random.chance(0.8)) {
    const wanted = kind === 'run' && random.chance(0.3) ? 'workflow' : kind;
    const known = ids.pick(random, wanted);
    if (known !== null) return known;
  }
  if (schema.pattern !== undefined) return random.pick(['a', 'build', 'A_1']);
  const least = Number(schema.minLength ?? 0);
  const most = Math.min(Number(schema.maxLength ?? 40), 300);
  const length = random.pick([least, most, random.within(least, Math.min(most, least + 12))]);
  const letters = random.pick(alphabets);
  return Array.from({ length }, () => random.pick(letters)).join('');
}

const alphabets = [[...'abcdefghijklmnopqrstuvwxyz'], [...'aZ09-_.'], [...'äß→日😀'], [...' \t\n"\\/%&?#']];

function wholeNumber(random: Random, { minimum, maximum }: JsonObject, name: string): number {
  const least = Number(minimum ?? -10);
  const most = Number(maximum ?? 1000);
  if (name === 'sequence' || name === 'attempt') return random.within(0, 3);
  return random.pick([least, most, random.within(Math.max(least, -5), Math.min(most, 50))]);
}

/** Items without a schema may be anything. */
function list(source: ValueSource, { items = {}, minItems = 0, maxItems = 5 }: JsonObject, name: string): JsonText {
  const { random } = source;
  const count = random.within(Number(minItems), Math.min(Number(maxItems), 4));
  return `[${Array.from({ length: count }, () => valueFor(source, items as JsonObject, name)).join(',')}]`;
}

function object(source: ValueSource, schema: JsonObject): JsonText {
  const { random } = source;
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonObject>);
  const required = new Set((schema.required ?? []) as string[]);
  // Picks one of the alternatives of the schema.
  const alternatives = [schema.oneOf, schema.anyOf].find(Array.isArray) as JsonObject[] | undefined;
  const exclusive = new Set((alternatives ?? []).flatMap((one) => (one.required ?? []) as string[]));
  const chosen = alternatives === undefined ? [] : ((random.pick(alternatives).required ?? []) as string[]);
  const members: string[] = [];
  for (const [name, inner] of properties) {
    const isIn = chosen.includes(name) || required.has(name) || (!exclusive.has(name) && random.chance(0.5));
    if (isIn) members.push(`${JSON.stringify(name)}:${valueFor(source, inner, name)}`);
  }
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null) {
    const count = random.within(Number(schema.minProperties ?? 0), 3);
    for (let at = 0; at < count; at++) {
      const key = random.pick(['a', 'build', 'test', 'A_B', 'notify']);
      members.push(`${JSON.stringify(key)}:${valueFor(source, schema.additionalProperties as JsonObject)}`);
    }
  }
  if (random.chance(source.wrongShare)) members.push(`${JSON.stringify(random.pick(hostileTexts))}:1`);
  return `{${members.join(',')}}`;
}

/** Values that the schema only just forbids. */
function justBeyond(source: ValueSource, given: JsonObject): JsonText {
  const schema = source.resolve(given);
  const beyond: JsonValue[] = [];
  if (schema.maxLength !== undefined) beyond.push('x'.repeat(Number(schema.maxLength) + 1));
  if (schema.minLength !== undefined) beyond.push('x'.repeat(Math.max(0, Number(schema.minLength) - 1)));
  if (schema.minimum !== undefined) beyond.push(Number(schema.minimum) - 1);
  if (schema.maximum !== undefined) beyond.push(Number(schema.maximum) + 1, String(schema.maximum));
  if (schema.type === 'integer') beyond.push(0.5, '12', '1e3', '-0');
  if (schema.type === 'array')
    beyond.push(
      { '0': 'a' },
      Array.from({ length: Number(schema.maxItems ?? 5) + 1 }, () => 'x'),
    );
  if (Array.isArray(schema.enum)) beyond.push(String(schema.enum[0]).toUpperCase(), 99, '');
  beyond.push(null);
  return JSON.stringify(source.random.pick(beyond));
}

/** Texts that break careless programs. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  "' OR 1=1; --",
  '\r\nX: y',
  '\u202e\u200d\ufeff',
  '%00%zz',
  '\u001b[2J',
  'NaN',
  '9'.repeat(400),
  'é'.repeat(150),
  'z'.repeat(5_000),
];

const hostileValues: readonly JsonText[] = [
  ...hostileTexts.map((text) => JSON.stringify(text)),
  // A lone surrogate as an escape, the only way to send one.
  '"\\ud800"',
  '"\\udc00\\ud800"',
  'null',
  'true',
  '[]',
  '{}',
  '[[[[[[]]]]]]',
  '{"__proto__":{"admin":true}}',
  '-1',
  '0',
  '-0',
  '0.1',
  '1e308',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '18446744073709551616',
  '4294967296',
  '-2147483649',
];
