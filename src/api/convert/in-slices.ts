import { setImmediate as nextTurn } from 'node:timers/promises';

/** Items converted between two turns of the event loop: about a millisecond's work. */
const sliceItems = 1_000;

/** `items.map(convert)` that lets other requests run between slices of a long list. */
export async function mapInSlices<T, U>(items: readonly T[], convert: (item: T) => U): Promise<U[]> {
  if (items.length <= sliceItems) return items.map(convert);
  const converted: U[] = [];
  for (let from = 0; from < items.length; from += sliceItems) {
    if (from > 0) await nextTurn();
    for (const item of items.slice(from, from + sliceItems)) converted.push(convert(item));
  }
  return converted;
}
