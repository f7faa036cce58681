import { asText } from '../condition/functions.js';
import type { Env } from '../definition/definition.js';
import { bareObject } from '../json.js';
import type { Combination } from './matrix-spec.js';

/** The variable in which a worker finds a value of a matrix: `MATRIX_PYTHON_VERSION` for `python-version`. */
export function matrixVariable(name: string): string {
  return `MATRIX_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** The values of a child as variables: a text as it is, anything else as JSON. */
export function matrixVariables(combination: Combination): Env {
  const env = bareObject<string>();
  for (const [name, value] of Object.entries(combination)) {
    if (value !== null) env[matrixVariable(name)] = asText(value).replaceAll('\0', '\uFFFD');
  }
  return env;
}
