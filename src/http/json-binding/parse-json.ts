import { ApiError } from '../../api/errors.js';
import { jsonSyntaxError } from '../../domain/walk-json.js';

/**
 * Parses a request's body; an empty body, or one of white space alone, is `undefined`.
 *
 * @throws ApiError `malformed`, with the line and column of the first character that cannot be there.
 */
export function parseJson(text: string): unknown {
  if (text.length === 0) return undefined;
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (error) {
    if (body.trim() === '') return undefined;
    throw new ApiError('malformed', `the body is not valid JSON: ${whereBroken(body)}`, { cause: error });
  }
}

/** `JSON.parse` reports the place of only some mistakes, so the text is read again. */
function whereBroken(text: string): string {
  const { message, offset } = jsonSyntaxError(text) ?? { message: 'it cannot be read', offset: 0 };
  const before = text.slice(0, offset);
  return `${message}, at line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`;
}
