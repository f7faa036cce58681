/** A JSON Schema, as far as completion reads it. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** A step from a map or a list to what is in it: a key, or null for an item of a list. */
export type Path = readonly (string | null)[];

/** Where a line stands in a YAML text of blocks. */
export interface Place {
  /** The maps and lists that enclose the key or the item of the line. */
  readonly parent: Path;
  /** The key of the line; null when it has none yet. */
  readonly key: string | null;
  /** Where the key and the value begin in the line; the value is -1 before there is a colon. */
  readonly keyFrom: number;
  readonly valueFrom: number;
}

const linePattern = /^(\s*)((?:- +)*)(?:("[^"]*"|'[^']*'|[^\s:#'"{[&*!|>-][^:#]*?)\s*:(?=\s|$)\s*)?/;

/** The place of a line, by the indentation of those above it. Maps and lists in braces are not looked into. */
export function placeOf(lines: readonly string[], at: number): Place {
  const own = partsOf(lines[at] ?? '');
  let column = own.column;
  const parent: (string | null)[] = [];
  addItems(parent, own.dashes, own.indent, column);
  let limit = own.dashes > 0 ? own.indent : column;
  for (let line = at - 1; line >= 0 && limit >= 0; line--) {
    const text = lines[line] ?? '';
    if (/^\s*(#|$)/.test(text)) continue;
    const { indent, dashes, key, column: keyColumn } = partsOf(text);
    // A list may begin in the column of its key.
    const isOwner = keyColumn < limit || (keyColumn === limit && parent[0] === null && dashes === 0);
    if (key !== null && isOwner) {
      parent.unshift(key);
      limit = keyColumn;
      column = keyColumn;
    }
    if (dashes > 0 && indent < limit) {
      addItems(parent, dashes, indent, limit);
      limit = indent;
    } else if (dashes > 0 && key !== null && keyColumn === limit && parent[0] === key) {
      addItems(parent, dashes, indent, limit);
      limit = indent;
    } else if (dashes > 0 && keyColumn === limit) {
      addItems(parent, dashes, indent, limit);
      limit = indent;
    }
    if (limit === 0 && (parent.length === 0 || parent[0] !== null)) break;
  }
  return { parent, key: own.key, keyFrom: own.column, valueFrom: own.valueFrom };
}

function addItems(path: (string | null)[], dashes: number, indent: number, column: number): void {
  if (column >= indent) for (let n = 0; n < dashes; n++) path.unshift(null);
}

function partsOf(line: string) {
  const [whole = '', indent = '', dashes = '', key] = linePattern.exec(line) ?? [];
  return {
    indent: indent.length,
    dashes: dashes.split('-').length - 1,
    column: indent.length + dashes.length,
    key: key === undefined ? null : key.replace(/^(["'])(.*)\1$/, '$2'),
    valueFrom: key === undefined ? -1 : whole.length,
  };
}

/** The schemas of what stands at a path: several where the schema allows several forms. */
function schemasAt(root: Schema, path: Path): Schema[] {
  let found = forms(root, root);
  for (const step of path) {
    found = found.flatMap((schema) => within(schema, step)).flatMap((schema) => forms(root, schema));
  }
  return found;
}

/** The keys of a map at a path, with their descriptions. */
export function keysAt(root: Schema, path: Path): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { properties = {} } of schemasAt(root, path)) {
    for (const [key, schema] of Object.entries(properties)) {
      if (!keys.has(key)) keys.set(key, descriptionOf(root, schema));
    }
  }
  return keys;
}

/** The values that the schema names for a key, as they are written. */
export function valuesAt(root: Schema, path: Path): string[] {
  const values = new Set<string>();
  for (const { enum: choices = [], const: only, type } of schemasAt(root, path)) {
    for (const value of choices) values.add(String(value));
    if (only !== undefined) values.add(String(only));
    if ([type].flat().includes('boolean')) for (const value of ['true', 'false']) values.add(value);
  }
  return [...values].filter((value) => value !== 'null');
}

/** What the schema says about the last step of a path; empty if nothing. */
export function descriptionAt(root: Schema, parent: Path, key: string): string {
  return keysAt(root, parent).get(key) ?? '';
}

function descriptionOf(root: Schema, schema: Schema): string {
  return schema.description ?? forms(root, schema).find((form) => form.description !== undefined)?.description ?? '';
}

function within(schema: Schema, step: string | null): Schema[] {
  if (step === null) return typeof schema.items === 'object' ? [schema.items] : [];
  const own = schema.properties?.[step];
  if (own !== undefined) return [own];
  const matching = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) => matches(pattern, step));
  if (matching.length > 0) return matching.map(([, one]) => one);
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

function matches(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(key);
  } catch {
    return false;
  }
}

/** A schema and all forms that it allows, with references followed. */
function forms(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  const { $ref, anyOf = [], oneOf = [], allOf = [] } = schema;
  const named = $ref === undefined ? undefined : root.$defs?.[$ref.replace('#/$defs/', '')];
  const inner = [...(named === undefined ? [] : [named]), ...anyOf, ...oneOf, ...allOf];
  return [schema, ...inner.flatMap((one) => forms(root, one, depth + 1))];
}
