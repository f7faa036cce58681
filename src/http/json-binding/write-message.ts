import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { messageJsonForm } from '../../api/method-options.js';
import { camelCaseName, enumJsonNames, jsonWellKnown, onlyField, onlyOneof } from './json-names.js';

/**
 * Messages as the JSON of the documented paths, compiled once for each message from its descriptor and written as text,
 * with no object in between: snake_case, 64-bit integers as numbers, defaults written, unset fields as `null`, except
 * that maps, lists and structs are empty.
 */
export interface JsonWriter {
  write(value: unknown): string;
  /** Number of messages in the lists inside; above a thousand the answer is better written in pieces. */
  weigh(value: unknown): number;
  /** The same text as `write`, in pieces of some ten kilobytes. */
  pieces(value: unknown): Iterable<string>;
}

type Fields = Readonly<Record<string, unknown>>;

const writers = new WeakMap<DescMessage, JsonWriter>();

/** The writer of a message. Throws at the start for a type that the documented paths cannot show. */
export function messageWriter(message: DescMessage): JsonWriter {
  const known = writers.get(message);
  if (known !== undefined) return known;
  // A message that contains itself finds this entry while its own writer is being compiled.
  const forward: { compiled: JsonWriter | null } = { compiled: null };
  const compiled = () => {
    if (forward.compiled === null) throw new Error(`${message.typeName} is written while it is compiled`);
    return forward.compiled;
  };
  writers.set(message, {
    write: (value) => compiled().write(value),
    weigh: (value) => compiled().weigh(value),
    pieces: (value) => compiled().pieces(value),
  });
  forward.compiled = compile(message);
  writers.set(message, forward.compiled);
  return forward.compiled;
}

/** The writer of one field's value, of `undefined` too. */
export function fieldWriter(field: DescField): JsonWriter {
  switch (field.fieldKind) {
    case 'scalar':
      return orNull(field, light(scalarWriter(field.scalar)));
    case 'enum':
      return orNull(field, light(enumWriter(field.enum)));
    case 'message':
      if (field.message.typeName === 'google.protobuf.Struct') return light(structWriter);
      return orNull(field, messageWriter(field.message));
    case 'list':
      return field.listKind === 'message'
        ? messageListWriter(messageWriter(field.message))
        : light(scalarListWriter(field.listKind === 'enum' ? enumWriter(field.enum) : scalarWriter(field.scalar)));
    case 'map':
      return mapWriter(
        field.mapKind === 'message'
          ? messageWriter(field.message).write
          : field.mapKind === 'enum'
            ? enumWriter(field.enum)
            : scalarWriter(field.scalar),
      );
  }
}

function compile(message: DescMessage): JsonWriter {
  if (jsonWellKnown.has(message.typeName)) return light(JSON.stringify);
  if (message.typeName.startsWith('google.protobuf.')) {
    throw new Error(`${message.typeName} is not supported on the documented paths`);
  }
  switch (messageJsonForm(message)) {
    case 'tagged':
      return light(taggedWriter(message));
    case 'inline':
      return inlineWriter(message);
    case 'plain':
    case 'raw':
      return plainWriter(message);
  }
}

interface Member {
  /** The key with its colon, and the comma or brace before it. */
  readonly key: string;
  readonly get: (message: Fields) => unknown;
  readonly writer: JsonWriter;
  readonly write: (value: unknown) => string;
  readonly heavy: boolean;
}

function plainWriter(message: DescMessage): JsonWriter {
  const members = message.fields.map((field, i) => member(field, i === 0 ? '{' : ','));
  const heavy = members.filter((one) => one.heavy);
  if (members.length === 0) return light(() => '{}');
  return {
    write(value) {
      let text = '';
      for (const { key, get, write } of members) text += key + write(get(value as Fields));
      return `${text}}`;
    },
    weigh(value) {
      let weight = 0;
      for (const { get, writer } of heavy) weight += writer.weigh(get(value as Fields));
      return weight;
    },
    *pieces(value) {
      for (const one of members) {
        yield one.key;
        const inner = one.get(value as Fields);
        if (one.heavy) yield* one.writer.pieces(inner);
        else yield one.write(inner);
      }
      yield '}';
    },
  };
}

function member(field: DescField, before: string): Member {
  const writer = fieldWriter(field);
  const name = field.localName;
  const oneof = field.oneof?.localName;
  const get =
    oneof === undefined
      ? (message: Fields) => message[name]
      : (message: Fields) => {
          const chosen = message[oneof] as { case: string | undefined; value: unknown };
          return chosen.case === name ? chosen.value : undefined;
        };
  const heavy = field.fieldKind === 'list' ? field.listKind === 'message' : field.fieldKind === 'message';
  return { key: `${before}${JSON.stringify(field.name)}:`, get, writer, write: writer.write, heavy };
}

/**
 * `"None"` for an alternative without fields, `{"Fixed":{…}}` for another. Unset fields inside are left out, not
 * `null`.
 */
function taggedWriter(message: DescMessage): (value: unknown) => string {
  const oneof = onlyOneof(message);
  const alternatives = new Map(
    oneof.fields.map((field) => {
      const inner = field.message;
      if (inner === undefined) throw new Error(`${field}: an alternative of a tagged message must be a message`);
      const name = JSON.stringify(camelCaseName(field.name));
      const write = alternativeWriter(inner);
      return [
        field.localName,
        inner.fields.length === 0 ? () => name : (value: unknown) => `{${name}:${write(value)}}`,
      ];
    }),
  );
  return (value) => {
    const chosen = (value as Fields)[oneof.localName] as { case: string | undefined; value: unknown };
    const write = chosen.case === undefined ? undefined : alternatives.get(chosen.case);
    return write === undefined ? 'null' : write(chosen.value);
  };
}

function alternativeWriter(message: DescMessage): (value: unknown) => string {
  const members = message.fields.map((field) => member(field, ''));
  return (value) => {
    const written: string[] = [];
    for (const { key, get, write } of members) {
      const inner = get(value as Fields);
      if (inner !== undefined) written.push(key + write(inner));
    }
    return `{${written.join(',')}}`;
  };
}

function inlineWriter(message: DescMessage): JsonWriter {
  const field = onlyField(message);
  const writer = fieldWriter(field);
  const inner = (value: unknown) => (value as Fields)[field.localName];
  return {
    write: (value) => writer.write(inner(value)),
    weigh: (value) => writer.weigh(inner(value)),
    pieces: (value) => writer.pieces(inner(value)),
  };
}

const pieceChars = 32 * 1024;

function messageListWriter(element: JsonWriter): JsonWriter {
  return {
    write(value) {
      const items = value as readonly unknown[];
      if (items.length === 0) return '[]';
      let text = `[${element.write(items[0])}`;
      for (let i = 1; i < items.length; i++) text += `,${element.write(items[i])}`;
      return `${text}]`;
    },
    weigh(value) {
      let weight = 0;
      for (const item of value as readonly unknown[]) weight += 1 + element.weigh(item);
      return weight;
    },
    *pieces(value) {
      let text = '[';
      let first = true;
      for (const item of value as readonly unknown[]) {
        if (!first) text += ',';
        first = false;
        for (const piece of element.weigh(item) > 100 ? element.pieces(item) : [element.write(item)]) {
          text += piece;
          if (text.length < pieceChars) continue;
          yield text;
          text = '';
        }
      }
      yield `${text}]`;
    },
  };
}

function scalarListWriter(write: (value: unknown) => string): (value: unknown) => string {
  return (value) => {
    const items = value as readonly unknown[];
    let text = '';
    for (const item of items) text += text === '' ? write(item) : `,${write(item)}`;
    return `[${text}]`;
  };
}

function mapWriter(write: (value: unknown) => string): JsonWriter {
  return light((value) => {
    const map = value as Fields;
    let text = '';
    for (const key of Object.keys(map)) text += `${text === '' ? '{' : ','}${quoted(key)}:${write(map[key])}`;
    return text === '' ? '{}' : `${text}}`;
  });
}

function scalarWriter(type: ScalarType): (value: unknown) => string {
  switch (type) {
    case ScalarType.STRING:
      return quoted;
    case ScalarType.BYTES:
      return (value) => `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // JSON has no NaN and no infinity; protobuf writes their names.
      return (value) => (Number.isFinite(value) ? String(value) : `"${String(value)}"`);
    default:
      return String;
  }
}

function enumWriter(descriptor: DescEnum): (value: unknown) => string {
  const names = new Map<unknown, string>();
  for (const [name, number] of enumJsonNames(descriptor)) names.set(number, JSON.stringify(name));
  return (value) => names.get(value) ?? 'null';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A JSON string. Short ones without escapes, nearly all, are written without `JSON.stringify`. */
function quoted(value: unknown): string {
  const text = value as string;
  return text.length < 64 && !needsEscape.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** A struct is a map: typed clients expect one, so an absent one is empty. */
function structWriter(value: unknown): string {
  return value === undefined ? '{}' : JSON.stringify(value);
}

function light(write: (value: unknown) => string): JsonWriter {
  return { write, weigh: () => 0, pieces: (value) => [write(value)] };
}

function orNull(field: DescField, writer: JsonWriter): JsonWriter {
  const canBeUnset = field.fieldKind === 'message' || field.oneof !== undefined || field.proto.proto3Optional;
  if (!canBeUnset) return writer;
  const { write, weigh, pieces } = writer;
  return {
    write: (value) => (value === undefined ? 'null' : write(value)),
    weigh: (value) => (value === undefined ? 0 : weigh(value)),
    pieces: (value) => (value === undefined ? ['null'] : pieces(value)),
  };
}
