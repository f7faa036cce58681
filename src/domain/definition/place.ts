/**
 * A place in a definition: a chain of keys and indexes from the outermost value inwards. Line and column are computed
 * only when a problem is reported there, so a definition without problems pays nothing.
 */
export interface Place {
  readonly parent: Place | null;
  /** A key of a map or an index of a list. */
  readonly key: string | number;
  /** Whether the place is the key itself, or its value. */
  readonly part: 'key' | 'value';
  /** Characters into the value's text. */
  readonly offset: number;
}

/** The whole document. */
export const wholeText = null;

export function valueAt(parent: Place | null, key: string | number): Place {
  return { parent, key, part: 'value', offset: 0 };
}

export function keyAt(parent: Place | null, key: string): Place {
  return { parent, key, part: 'key', offset: 0 };
}

export function textOffset(place: Place, offset: number): Place {
  return { ...place, offset };
}

/** The keys from the outermost inwards. */
export function pathOf(place: Place | null): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) path.push(at.key);
  return path.reverse();
}

/** Such as `jobs.build.needs[0]`. */
export function fieldOf(path: readonly (string | number)[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
