import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import fc from 'fast-check';

/**
 * An arbitrary message of a type as a server may write it: optional fields are sometimes unset, enums always have a
 * known value.
 */
export function anyMessage(schema: DescMessage): fc.Arbitrary<Message> {
  if (schema.typeName === 'google.protobuf.Struct') return anyObject as unknown as fc.Arbitrary<Message>;
  const members = schema.members.map((member): [string, fc.Arbitrary<unknown>] => {
    if (member.kind !== 'oneof') return [member.localName, anyField(member)];
    const cases = member.fields.map((field) => anySingle(field).map((value) => ({ case: field.localName, value })));
    return [member.localName, fc.oneof(fc.constant({ case: undefined }), ...cases)];
  });
  return fc.record(Object.fromEntries(members)).map((fields) => create(schema, withoutUnset(fields)));
}

const anyObject = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });

function withoutUnset(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function anyField(field: DescField): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case 'list':
      return fc.array(anySingle(field), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.string(), anySingle(field), { maxKeys: 3 });
    case 'message':
      return fc.option(anyMessage(field.message), { nil: undefined });
    default:
      return field.proto.proto3Optional ? fc.option(anySingle(field), { nil: undefined }) : anySingle(field);
  }
}

function anySingle(field: DescField): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return anyMessage(field.message);
  if (field.enum !== undefined) {
    const numbers = field.enum.values.map(({ number }) => number).filter((number) => number !== 0);
    return fc.constantFrom(...numbers);
  }
  return anyScalar(field.scalar);
}

function anyScalar(type: ScalarType | undefined): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return fc.string({ unit: 'grapheme' });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case ScalarType.INT32:
      return fc.integer();
    case ScalarType.UINT32:
      return fc.nat({ max: 2 ** 31 - 1 }).map((number) => number * 2);
    case ScalarType.INT64:
      return fc.maxSafeInteger().map(BigInt);
    case ScalarType.UINT64:
      return fc.maxSafeNat().map(BigInt);
    default:
      throw new Error(`no response field has the type ${type}`);
  }
}
