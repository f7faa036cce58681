/** A path of `google.api.http`, such as `/api/jobs/{lease_id}/complete`. */
export interface PathTemplate {
  /** In the router's syntax: `/api/jobs/:lease_id/complete`. */
  readonly route: string;
  /** The fields in the path. */
  readonly fields: readonly string[];
}

/** Only plain segments and `{field}` are supported; the rest of the template language throws. */
export function parsePathTemplate(path: string): PathTemplate {
  const fields: string[] = [];
  const segments = path.split('/').map((segment, i) => {
    if (i === 0 && segment === '') return '';
    const field = /^\{([a-z][a-z0-9_]*)\}$/.exec(segment)?.[1];
    if (field !== undefined) {
      fields.push(field);
      return `:${field}`;
    }
    if (!/^[A-Za-z0-9._-]+$/.test(segment))
      throw new Error(`the path ${path} has a segment that is not supported: ${segment}`);
    return segment;
  });
  return { route: segments.join('/'), fields };
}
