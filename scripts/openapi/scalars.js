// Scalars of the proto in JSON. 64-bit integers are numbers, so they are limited to those that a number represents
// exactly.
const safe = Number.MAX_SAFE_INTEGER;

const scalars = {
  TYPE_STRING: { type: 'string' },
  TYPE_BOOL: { type: 'boolean' },
  TYPE_DOUBLE: { type: 'number', format: 'double' },
  TYPE_INT32: { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  TYPE_UINT32: { type: 'integer', format: 'uint32', minimum: 0, maximum: 2 ** 32 - 1 },
  TYPE_INT64: { type: 'integer', format: 'int64', minimum: -safe, maximum: safe },
  TYPE_UINT64: { type: 'integer', format: 'uint64', minimum: 0, maximum: safe },
};

export function scalarSchema(type) {
  const schema = scalars[type];
  if (schema === undefined) throw new Error(`${type} has no schema here`);
  return schema;
}
