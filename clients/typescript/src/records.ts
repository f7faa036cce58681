/**
 * An object of values by key, for keys that come from outside. It has no prototype: `__proto__` is a key like any other, and
 * `constructor` is absent unless it was set.
 */
export function recordOf<T>(entries: Iterable<readonly [key: string, value: T]>): Readonly<Record<string, T>> {
  const record: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}
