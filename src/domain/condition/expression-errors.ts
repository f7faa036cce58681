import { limits } from '../limits.js';
import { nearest } from '../suggest.js';
import { ConditionError, type StatusFunction, valueFunctions } from './expression.js';
import type { Token } from './lexer.js';
import type { Site } from './site.js';

export const statusFunctions: readonly StatusFunction[] = ['success', 'failure', 'always', 'cancelled'];

export function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'string':
      return `the text ${JSON.stringify(token.value)}`;
    case 'number':
      return `the number ${token.value}`;
    default:
      return `"${token.text}"`;
  }
}

/** A result without quotes is the usual mistake: `needs.build.result == success`. */
export function functionOrText(name: StatusFunction, next: Token): string {
  const found = next.kind === 'end' ? '' : `, found ${describe(next)}`;
  if (name === 'always') return `expected "()" after "always"${found}`;
  return `expected "()" after "${name}"${found}; to compare a result, put it in quotes: '${name}'`;
}

export function unknownFunction(name: string, isCondition: boolean): string {
  const status = isCondition ? statusFunctions : [];
  const near = nearest(name, [...status, ...valueFunctions]);
  if (near !== null) return `unknown function "${name}()", did you mean "${near}()"?`;
  return `unknown function "${name}()", there are ${listed(
    [...status, ...valueFunctions].map((known) => `${known}()`),
    'and',
  )}`;
}

export function unknownName(name: string, site: Site): string {
  if (name === 'env') return 'there is no "env" here: name what the variable is made of, such as "inputs" or "run"';
  if (name === 'secrets' || name === 'github') return `there is no "${name}" here`;
  const status = site.isCondition ? statusFunctions : [];
  const known = [...site.contexts, 'true', 'false', 'null', 'and', 'or', 'not', ...status, ...valueFunctions];
  const near = nearest(name, known);
  const hint = near === null ? 'put a text in quotes' : `did you mean "${near}"?`;
  return `unknown name "${name}", ${hint}`;
}

export function tooDeep(start: number): ConditionError {
  return new ConditionError(
    `more than ${limits.conditionDepth} parentheses, negations, calls and members inside each other`,
    start,
  );
}

export function count(parameters: number): string {
  return parameters === 1 ? 'one argument' : `${parameters} arguments`;
}

export function listed(words: readonly string[], join: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${join} ${words.at(-1)}`;
}
