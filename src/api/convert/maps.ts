/** A map of the wire: an object whose keys come from outside, so that `__proto__` is an ordinary key. */
type WireMap<T> = { [key: string]: T };

export function toWireMap<T>(entries: ReadonlyMap<string, T>): WireMap<T>;
export function toWireMap<T, U>(entries: ReadonlyMap<string, T>, convert: (value: T) => U): WireMap<U>;
export function toWireMap<T, U>(entries: ReadonlyMap<string, T>, convert?: (value: T) => U): WireMap<T | U> {
  const wire: WireMap<T | U> = Object.create(null);
  for (const [key, value] of entries) wire[key] = convert === undefined ? value : convert(value);
  return wire;
}

export function fromWireMap<T>(wire: WireMap<T>): ReadonlyMap<string, T> {
  return new Map(Object.entries(wire));
}
