import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { ApiError } from './errors.js';

/**
 * The field rules of the proto, by protovalidate. Its checks without CEL cost 0.3 to 0.6 µs for the messages of the hot
 * methods (claim, complete, ten log chunks), so that nothing of our own stands beside it.
 */
const validator = createValidator();

/** Makes sure at start that the rules of a message can be compiled. */
export function compileRules(schema: DescMessage, empty: Message): void {
  const result = validator.validate(schema, empty);
  if (result.kind === 'error')
    throw new Error(`the rules of ${schema.typeName} cannot be used`, { cause: result.error });
}

/**
 * Checks a request against the rules of the proto.
 *
 * @throws ApiError `malformed`, naming every field and its rule.
 */
export function validate(schema: DescMessage, request: Message): void {
  const result = validator.validate(schema, request);
  if (result.kind === 'valid') return;
  if (result.kind === 'error') throw result.error;
  const problems = result.violations.map((violation) => ({
    message: violation.message,
    field: pathToString(violation.field),
    job: null,
    file: null,
    line: null,
    column: null,
  }));
  throw new ApiError('malformed', problems.map(({ field, message }) => `${field}: ${message}`).join('; '), {
    problems,
  });
}
