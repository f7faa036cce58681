import { asText } from '../condition/functions.js';
import { limits } from '../limits.js';
import { oneLine } from '../one-line.js';
import type { Combination } from './matrix-spec.js';

/** The id of a child within its run: `test.3`. */
export function childKey(group: string, index: number): string {
  return `${group}.${index}`;
}

/** What readers see of a child whose `name` has no expressions: `test (linux, 1)`. */
export function childName(name: string, combination: Combination): string {
  const values = Object.values(combination).map((value) => asText(value));
  return oneLine(values.length === 0 ? name : `${name} (${values.join(', ')})`, limits.nameChars);
}

/** How a node ends when its last child has: a failure counts most, then a cancel. */
export function nodeResult({ failed, cancelled }: { readonly failed: number; readonly cancelled: number }) {
  if (failed > 0) return 'failure';
  return cancelled > 0 ? 'cancelled' : 'success';
}

/**
 * The outputs of a node: for each key that a child has set a list by the children's indexes, as JSON, with null for a child
 * that has not. Null when no child has set any.
 *
 * @param outputs of each child, as JSON or null
 */
export function joinOutputs(outputs: readonly (string | null)[]): string | null {
  const lists = new Map<string, (string | null)[]>();
  for (const [index, text] of outputs.entries()) {
    if (text === null) continue;
    for (const [key, value] of Object.entries(JSON.parse(text) as Record<string, string>)) {
      let list = lists.get(key);
      if (list === undefined) {
        list = new Array<string | null>(outputs.length).fill(null);
        lists.set(key, list);
      }
      list[index] = value;
    }
  }
  if (lists.size === 0) return null;
  return JSON.stringify(Object.fromEntries([...lists].map(([key, list]) => [key, JSON.stringify(list)])));
}
