import type { JsonObject } from '../json.js';
import { jobKeys, type KeyRow, stepKeys, workflowKeys } from './keys.js';

/**
 * The JSON Schema (draft 2020-12) of a workflow file, for editors. It is made of the tables that the reader checks keys
 * with. What a schema cannot say, such as that every need exists, is only checked by `parseDefinition`.
 */
export function workflowFileSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'workflow-graph workflow file',
    ...mapSchema(workflowKeys),
    required: ['jobs'],
    $defs: {
      job: { ...mapSchema(jobKeys), oneOf: [{ required: ['run'] }, { required: ['steps'] }] },
      step: { ...mapSchema(stepKeys), required: ['run'] },
    },
  };
}

function mapSchema(keys: ReadonlyMap<string, KeyRow>): JsonObject {
  const properties: JsonObject = {};
  for (const [key, { meaning, schema }] of keys) properties[key] = { description: meaning, ...schema };
  return { type: 'object', properties, additionalProperties: false };
}
