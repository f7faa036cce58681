import type { JsonObject } from '../json.js';
import { featurePrefix } from '../labels.js';
import { limits } from '../limits.js';
import { exitCodeMax, retryCauses } from '../retry.js';

/** A text of one line. */
export const text = (maxLength: number): JsonObject => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
});
/** The server adds labels for what a worker can do by itself. */
export const fileLabel: JsonObject = {
  ...text(limits.labelChars),
  pattern: `^(?!${featurePrefix})[^\\u0000-\\u001f\\u007f]*$`,
};
/** A text of any lines, not blank. */
export const script: JsonObject = { type: 'string', pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$' };
export const wholeNumber = (minimum: number, maximum: number): JsonObject => ({ type: 'integer', minimum, maximum });
export const oneOrList = (item: JsonObject, list: JsonObject): JsonObject => ({
  anyOf: [item, { type: 'array', items: item, ...list }],
});

export const jobKeyPattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
/** Also the names of `vars`. */
export const inputNamePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const jobKey: JsonObject = { type: 'string', pattern: jobKeyPattern.source, maxLength: limits.keyChars };
/** A text with an expression in it, where its value need not be a text. */
export const template: JsonObject = { type: 'string', pattern: '\\$\\{\\{', maxLength: limits.templateBytes };
export const orTemplate = (schema: JsonObject): JsonObject => ({
  anyOf: [...(Array.isArray(schema.anyOf) ? schema.anyOf : [schema]), template],
});
export const seconds: JsonObject = {
  anyOf: [wholeNumber(1, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
const delay: JsonObject = {
  anyOf: [wholeNumber(0, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
export const env: JsonObject = {
  type: 'object',
  propertyNames: { pattern: envNamePattern.source, maxLength: limits.envNameChars },
  additionalProperties: { $ref: '#/$defs/envValue' },
  maxProperties: limits.envEntries,
};
const closed = (properties: JsonObject, required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const delayRef: JsonObject = { $ref: '#/$defs/delay' };
const exponential = (base: string, max: string): JsonObject =>
  closed({ [base]: delayRef, [max]: delayRef, jitter: { type: 'boolean' } }, [base, max]);

export const backoffSchema: JsonObject = { $ref: '#/$defs/backoff' };

/** What the schemas of keys refer to, each under a name: generators of code make a type of each. */
export const namedSchemas: JsonObject = {
  envValue: {
    anyOf: [{ type: 'string', pattern: '^[^\\u0000]*$' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
  },
  delay,
  backoff: {
    anyOf: [
      { $ref: '#/$defs/noBackoff' },
      { $ref: '#/$defs/noBackoffOfClaims' },
      { $ref: '#/$defs/fixedBackoff' },
      { $ref: '#/$defs/exponentialBackoff' },
      { $ref: '#/$defs/fixedBackoffOfClaims' },
      { $ref: '#/$defs/exponentialBackoffOfClaims' },
    ],
  },
  retryRule: {
    anyOf: [
      { enum: [...retryCauses] },
      wholeNumber(1, exitCodeMax),
      { type: 'string', pattern: '^[0-9]{1,3}(-[0-9]{1,3})?$' },
    ],
  },
  noBackoff: { type: 'string', enum: ['none'] },
  noBackoffOfClaims: { type: 'string', enum: ['None'] },
  fixedBackoff: closed({ fixed: { anyOf: [delayRef, { $ref: '#/$defs/fixedDelay' }] } }, ['fixed']),
  fixedDelay: closed({ delay: delayRef }, ['delay']),
  exponentialBackoff: closed({ exponential: { $ref: '#/$defs/exponentialDelay' } }, ['exponential']),
  exponentialDelay: exponential('base', 'max'),
  fixedBackoffOfClaims: closed({ Fixed: closed({ delay_secs: delayRef }, ['delay_secs']) }, ['Fixed']),
  exponentialBackoffOfClaims: closed({ Exponential: exponential('base_secs', 'max_secs') }, ['Exponential']),
};
