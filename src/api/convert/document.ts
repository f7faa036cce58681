import type { Document } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { ApiError } from '../errors.js';

const formats: ReadonlyMap<string, DefinitionFormat> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/x-yaml', 'yaml'],
  ['text/yaml', 'yaml'],
  ['text/x-yaml', 'yaml'],
  ['application/vnd.yaml', 'yaml'],
  ['text/vnd.yaml', 'yaml'],
  // The default content type of curl, fetch and others.
  ['application/x-www-form-urlencoded', 'json'],
  ['text/plain', 'json'],
  ['application/octet-stream', 'json'],
]);

/**
 * The format of a definition, by its content type; JSON when there is none.
 *
 * @throws ApiError `unsupported_media_type`, naming the accepted types.
 */
export function definitionFormat(document: Document): DefinitionFormat {
  const type = document.contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === '') return 'json';
  const format = formats.get(type) ?? suffixFormat(type);
  if (format !== null) return format;
  throw new ApiError(
    'unsupported_media_type',
    `a definition cannot be of type ${JSON.stringify(type)}; send application/json or application/yaml`,
  );
}

function suffixFormat(type: string): DefinitionFormat | null {
  if (type.endsWith('+json')) return 'json';
  return type.endsWith('+yaml') ? 'yaml' : null;
}
