/** Any value that JSON can represent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/**
 * A JSON object. It may come from `JSON.parse`, so a key such as `toString` can be found on its prototype: read a name
 * that comes from outside with {@link ownField}, never with a plain property access.
 */
export interface JsonObject {
  [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own field, or undefined. Safe for `__proto__`, `constructor` and the like. */
export function ownField<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** An empty object without a prototype, so that every name is an ordinary key of it. */
export function bareObject<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
