import { DomainError } from './errors.js';
import { limits, utf8Bytes } from './limits.js';

/** Server variables by name. */
export type Variables = ReadonlyMap<string, string>;

export const noVariables: Variables = new Map();

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** What is wrong with the name of a server variable, as the end of a sentence; null for a valid one. */
export function variableNameFault(name: string): string | null {
  if (name.length > limits.variableNameChars) {
    return `has ${name.length} characters; at most ${limits.variableNameChars} are allowed`;
  }
  return namePattern.test(name) ? null : 'must begin with a letter or "_", then letters, digits, "_" and "-"';
}

/** What is wrong with the value of a server variable, as the end of a sentence; null for a valid one. */
export function variableValueFault(value: string): string | null {
  if (value.includes('\u0000')) return 'has the character U+0000 in it';
  const bytes = utf8Bytes(value);
  return bytes > limits.variableValueBytes
    ? `takes ${bytes} bytes; at most ${limits.variableValueBytes} are allowed`
    : null;
}

/**
 * The stored text of a run's variables; null for none.
 *
 * Errors: `invalid_inputs` when they exceed the limit.
 */
export function variablesText(variables: Variables): string | null {
  if (variables.size === 0) return null;
  let bytes = 0;
  for (const [name, value] of variables) bytes += utf8Bytes(name) + utf8Bytes(value);
  if (bytes > limits.variablesBytes) {
    const message = `vars: the variables that the workflow names take ${bytes} bytes; at most ${limits.variablesBytes} are allowed`;
    throw new DomainError('invalid_inputs', `The run cannot start: ${message}`, {
      problems: [{ message, field: 'vars', job: null, file: null, line: null, column: null }],
    });
  }
  return JSON.stringify(Object.fromEntries(variables));
}

/** Reads a run's stored variables. */
export function readVariables(text: string | null): Variables {
  return text === null ? noVariables : new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}
