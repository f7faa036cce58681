import { type DescEnum, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { messageJsonForm, takesJsonValues } from '../../api/method-options.js';
import { camelCaseName, enumJsonNames, enumReadNames, jsonWellKnown, onlyField, onlyOneof } from './json-names.js';
import { JsonProblem, kindOf } from './json-problem.js';

/** Converts a JSON value, never `null` or `undefined`, into the library's form. Throws `JsonProblem`. */
export type JsonReader = (json: unknown) => unknown;

type JsonFields = Readonly<Record<string, unknown>>;

const readers = new WeakMap<DescMessage, JsonReader>();

/**
 * The reader of a message from the JSON of the documented paths, compiled once from its descriptor. It ignores unknown
 * fields, so that newer workers can use older servers; `null` means absent.
 */
export function messageReader(message: DescMessage): JsonReader {
  const known = readers.get(message);
  if (known !== undefined) return known;
  // A message that contains itself finds this entry while its own reader is being compiled.
  const forward: { compiled: JsonReader | null } = { compiled: null };
  readers.set(message, (json) => {
    if (forward.compiled === null) throw new Error(`${message.typeName} is read while it is compiled`);
    return forward.compiled(json);
  });
  forward.compiled = compile(message);
  readers.set(message, forward.compiled);
  return forward.compiled;
}

function compile(message: DescMessage): JsonReader {
  if (jsonWellKnown.has(message.typeName)) return wellKnownReader(message);
  switch (messageJsonForm(message)) {
    case 'tagged':
      return taggedReader(message);
    case 'inline': {
      const field = onlyField(message);
      const read = fieldReader(field);
      const { typeName } = message;
      return (json) => ({ $typeName: typeName, [field.localName]: read(json) });
    }
    case 'plain':
    case 'raw': {
      const read = fieldsReader(message, message.fields);
      const empty = emptyMessages(message);
      return (json) => {
        const fields = object(json);
        const target = empty();
        read(fields, target);
        return target;
      };
    }
  }
}

/** Creates messages with every field at its default. */
export function emptyMessages(message: DescMessage): () => Message & Record<string, unknown> {
  const template: Message & Record<string, unknown> = { $typeName: message.typeName };
  const lists: string[] = [];
  const objects: [name: string, make: () => unknown][] = [];
  for (const member of message.members) {
    const name = member.localName;
    template[name] = undefined;
    if (member.kind === 'oneof') objects.push([name, () => ({ case: undefined })]);
    else if (member.fieldKind === 'list') lists.push(name);
    else if (member.fieldKind === 'map') objects.push([name, () => ({})]);
    else template[name] = defaultValue(member);
  }
  return () => {
    // A copy of one object always has the same hidden class, which makes all readers of messages fast.
    const fresh = { ...template };
    for (const name of lists) fresh[name] = [];
    for (const [name, make] of objects) fresh[name] = make();
    return fresh;
  };
}

/** Copies those of `fields` that the JSON has into the message. */
export function fieldsReader(
  message: DescMessage,
  fields: readonly DescField[],
): (json: JsonFields, target: Record<string, unknown>) => void {
  const members = fields.map((field) => {
    // A plain read of such a name would find what every object inherits.
    if (field.name in Object.prototype) throw new Error(`${message.typeName}.${field.name} cannot be a field's name`);
    return { name: field.name, local: field.localName, oneof: field.oneof?.localName, read: fieldReader(field) };
  });
  return (json, target) => {
    for (const { name, local, oneof, read } of members) {
      const value = json[name];
      if (value === undefined || value === null) continue;
      try {
        if (oneof === undefined) target[local] = read(value);
        else choose(target, oneof, local, read(value));
      } catch (error) {
        throw error instanceof JsonProblem ? error.inField(name) : error;
      }
    }
  };
}

function choose(target: Record<string, unknown>, oneof: string, local: string, value: unknown): void {
  const chosen = target[oneof] as { case: string | undefined };
  if (chosen.case !== undefined) throw new JsonProblem(`cannot be given together with "${chosen.case}"`);
  target[oneof] = { case: local, value };
}

/** The reader of one field's value. */
export function fieldReader(field: DescField): JsonReader {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarReader(field.scalar);
    case 'enum':
      return enumReader(field.enum);
    case 'message':
      return messageReader(field.message);
    case 'list':
      return listReader(
        field.listKind === 'message'
          ? messageReader(field.message)
          : field.listKind === 'enum'
            ? enumReader(field.enum)
            : scalarReader(field.scalar),
      );
    case 'map': {
      if (field.mapKey !== ScalarType.STRING) throw new Error(`${field}: only maps with strings as keys are supported`);
      if (takesJsonValues(field)) return mapReader(jsonTextOf, true);
      return mapReader(
        field.mapKind === 'message'
          ? messageReader(field.message)
          : field.mapKind === 'enum'
            ? enumReader(field.enum)
            : scalarReader(field.scalar),
      );
    }
  }
}

function listReader(read: JsonReader): JsonReader {
  return (json) => {
    if (!Array.isArray(json)) throw new JsonProblem(`expected an array, got ${kindOf(json)}`);
    const items: unknown[] = [];
    let i = 0;
    try {
      for (; i < json.length; i++) items.push(read(json[i]));
    } catch (error) {
      throw error instanceof JsonProblem ? error.inItem(i) : error;
    }
    return items;
  };
}

/** @param skipsNull whether a null entry counts as absent */
function mapReader(read: JsonReader, skipsNull = false): JsonReader {
  return (json) => {
    const fields = object(json);
    // Without a prototype, `__proto__` is a key like any other.
    const map: Record<string, unknown> = Object.create(null);
    let key = '';
    try {
      for (key of Object.keys(fields)) {
        const value = fields[key];
        if (!skipsNull || value !== null) map[wellFormed(key)] = read(value);
      }
    } catch (error) {
      throw error instanceof JsonProblem ? error.inField(key) : error;
    }
    return map;
  };
}

/** A text unchanged, anything else as its JSON text. */
function jsonTextOf(json: unknown): string {
  if (typeof json === 'string') return wellFormed(json);
  if (typeof json === 'number' && !Number.isFinite(json)) throw new JsonProblem('the number is too large');
  try {
    return JSON.stringify(json);
  } catch (error) {
    throw error instanceof RangeError ? new JsonProblem('it is nested too deep') : error;
  }
}

function taggedReader(message: DescMessage): JsonReader {
  const oneof = onlyOneof(message);
  const alternatives = new Map(
    oneof.fields.map((field) => {
      const inner = field.message;
      if (inner === undefined) throw new Error(`${field}: an alternative of a tagged message must be a message`);
      return [camelCaseName(field.name), { local: field.localName, inner, read: messageReader(inner) }];
    }),
  );
  const names = [...alternatives.keys()].map((name) => `"${name}"`).join(', ');
  return (json) => {
    const [name, value] = typeof json === 'string' ? [json, {}] : (Object.entries(object(json))[0] ?? ['', {}]);
    const found = alternatives.get(name);
    if (found === undefined) throw new JsonProblem(`expected one of ${names}, got ${JSON.stringify(json)}`);
    try {
      return { $typeName: message.typeName, [oneof.localName]: { case: found.local, value: found.read(value) } };
    } catch (error) {
      throw error instanceof JsonProblem ? error.inField(name) : error;
    }
  };
}

function wellKnownReader(message: DescMessage): JsonReader {
  if (message.typeName !== 'google.protobuf.Struct') {
    throw new Error(`${message.typeName} is not supported in requests of the documented paths`);
  }
  return object;
}

function enumReader(descriptor: DescEnum): JsonReader {
  const names = enumReadNames(descriptor);
  const numbers = new Set(descriptor.values.map(({ number }) => number));
  const accepted = [...enumJsonNames(descriptor).keys()].map((name) => `"${name}"`).join(', ');
  return (json) => {
    const value = typeof json === 'string' ? names.get(json.toLowerCase()) : json;
    if (typeof value === 'number' && numbers.has(value)) return value;
    throw new JsonProblem(`expected one of ${accepted}, got ${shown(json)}`);
  };
}

function scalarReader(type: ScalarType): JsonReader {
  switch (type) {
    case ScalarType.STRING:
      return (json) => {
        if (typeof json !== 'string') throw new JsonProblem(`expected a string, got ${kindOf(json)}`);
        return wellFormed(json);
      };
    case ScalarType.BOOL:
      return (json) => {
        if (typeof json !== 'boolean') throw new JsonProblem(`expected true or false, got ${shown(json)}`);
        return json;
      };
    case ScalarType.BYTES:
      return (json) => {
        if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json)) {
          throw new JsonProblem(`expected base64, got ${kindOf(json)}`);
        }
        return new Uint8Array(Buffer.from(json, 'base64'));
      };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (json) => {
        const number = typeof json === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(json) ? Number(json) : json;
        if (typeof number !== 'number') throw new JsonProblem(`expected a number, got ${shown(json)}`);
        return number;
      };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integerReader(-(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerReader(0, 2 ** 32 - 1);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longReader(Number.MIN_SAFE_INTEGER);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longReader(0);
  }
}

function integerReader(least: number, most: number): (json: unknown) => number {
  return (json) => {
    const number = typeof json === 'string' && /^-?\d{1,20}$/.test(json) ? Number(json) : json;
    if (typeof number !== 'number' || !(Number.isInteger(number) || Math.abs(number) > most)) {
      throw new JsonProblem(`expected a whole number, got ${shown(json)}`);
    }
    if (number < least || number > most) {
      throw new JsonProblem(`${shown(json)} is out of range, it must be from ${least} to ${most}`);
    }
    return number;
  };
}

/** 64-bit integers are JSON numbers, and so limited to those that a number can represent exactly. */
function longReader(least: number): JsonReader {
  const read = integerReader(least, Number.MAX_SAFE_INTEGER);
  return (json) => BigInt(read(json));
}

/** A lone surrogate cannot be encoded in UTF-8; it becomes U+FFFD, as on the other protocols. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

function object(json: unknown): JsonFields {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonFields;
  throw new JsonProblem(`expected an object, got ${kindOf(json)}`);
}

function shown(json: unknown): string {
  if (typeof json === 'string') return JSON.stringify(json.length > 100 ? `${json.slice(0, 100)}…` : json);
  return typeof json === 'number' ? String(json) : kindOf(json);
}

function defaultValue(field: DescField): unknown {
  if (field.fieldKind === 'message' || field.proto.proto3Optional) return undefined;
  return field.fieldKind === 'scalar' ? defaultScalar(field.scalar) : 0;
}

function defaultScalar(type: ScalarType): unknown {
  switch (type) {
    case ScalarType.STRING:
      return '';
    case ScalarType.BOOL:
      return false;
    case ScalarType.BYTES:
      return new Uint8Array(0);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 0n;
    default:
      return 0;
  }
}
