/** A mistake in a JSON value: each enclosing reader adds its part of the path. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';
  /** The path of the field, such as `chunks[0].data`; empty for the whole body. */
  path = '';

  inField(name: string): this {
    this.path = this.path === '' || this.path.startsWith('[') ? `${name}${this.path}` : `${name}.${this.path}`;
    return this;
  }

  inItem(index: number): this {
    return this.inField(`[${index}]`);
  }
}

/** The kind of a JSON value, for messages. */
export function kindOf(json: unknown): string {
  if (json === null) return 'null';
  return Array.isArray(json) ? 'array' : typeof json;
}
