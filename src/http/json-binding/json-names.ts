import type { DescEnum, DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';

/** Messages that stand for any JSON; the library holds them as plain values. */
export const jsonWellKnown: ReadonlySet<string> = new Set([
  'google.protobuf.Struct',
  'google.protobuf.Value',
  'google.protobuf.ListValue',
]);

/** `delay_secs` → `DelaySecs`. */
export function camelCaseName(snake: string): string {
  return snake.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** The values of an enum by their short lower-case names, such as `stdout`; without the one that means "unset". */
export function enumJsonNames(descriptor: DescEnum): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const value of descriptor.values) {
    if (value.number !== 0) names.set(shortName(descriptor, value.name), value.number);
  }
  return names;
}

/** The values of an enum by every accepted name: short and as in the proto, in lower case. */
export function enumReadNames(descriptor: DescEnum): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const { name, number } of descriptor.values) {
    names.set(name.toLowerCase(), number);
    if (number !== 0) names.set(shortName(descriptor, name), number);
  }
  return names;
}

function shortName(descriptor: DescEnum, name: string): string {
  const lower = name.toLowerCase();
  const prefix = descriptor.sharedPrefix ?? '';
  return lower.startsWith(prefix) ? lower.slice(prefix.length) : lower;
}

/** The single oneof of a `JSON_FORM_TAGGED` message. */
export function onlyOneof(message: DescMessage): DescOneof {
  const [oneof, ...others] = message.oneofs;
  if (oneof === undefined || others.length > 0 || oneof.fields.length !== message.fields.length) {
    throw new Error(`${message.typeName} is JSON_FORM_TAGGED and so must be one oneof`);
  }
  return oneof;
}

/** The single field of a `JSON_FORM_INLINE` message. */
export function onlyField(message: DescMessage): DescField {
  const [field, ...others] = message.fields;
  if (field === undefined || others.length > 0) {
    throw new Error(`${message.typeName} is JSON_FORM_INLINE and so must have one field`);
  }
  return field;
}
