import type { JsonObject } from '../json.js';
import { inputKeys } from './input-keys.js';
import { defaultKeys, jobConcurrencyKeys, jobKeys, stepKeys, strategyKeys } from './job-keys.js';
import type { KeyRow } from './key-row.js';
import { scheduleKeys } from './schedule-keys.js';
import { backoffSchema, namedSchemas } from './value-schemas.js';
import { concurrencyKeys, workflowKeys } from './workflow-keys.js';

/**
 * The JSON Schema (draft 2020-12) of a workflow file, for editors. It is built from the tables that the reader checks
 * keys with. Rules that a schema cannot express, such as that every need exists, are only checked by `parseDefinition`.
 */
export function workflowFileSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'workflow-graph workflow file',
    ...closedMap(workflowKeys),
    required: ['jobs'],
    $defs: {
      job: {
        ...closedMap(jobKeys),
        oneOf: [
          { required: ['run'], properties: { run: { type: 'string' } } },
          { required: ['steps'], properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' } } } },
        ],
      },
      step: { ...closedMap(stepKeys), required: ['run'] },
      strategy: { ...closedMap(strategyKeys), required: ['matrix'] },
      defaults: closedMap(defaultKeys),
      schedule: { ...closedMap(scheduleKeys), required: ['cron'] },
      input: { anyOf: [closedMap(inputKeys), { type: 'null' }] },
      concurrency: { ...closedMap(concurrencyKeys), required: ['group'] },
      jobConcurrency: { ...closedMap(jobConcurrencyKeys), required: ['group'] },
      ...namedSchemas,
    },
  };
}

/** The names of the file's keys in the API's form. */
const apiNames = new Map([
  ['run', 'command'],
  ['needs', 'depends_on'],
  ['labels', 'required_labels'],
  ['retries', 'max_retries'],
  ['timeout', 'timeout_secs'],
  ['queue-timeout', 'queue_timeout_secs'],
  ['continue-on-error', 'continue_on_error'],
]);

/** Keys of a job that the API's form lacks, or has elsewhere. */
const onlyInFiles = new Set(['backoff', 'retry-on', 'working-directory', 'workspace', 'strategy']);

/**
 * The JSON Schema of the API's form of a definition, in which `jobs` is a list. Fields that it does not name are
 * ignored.
 */
export function apiFormSchema(): JsonObject {
  const job: JsonObject = {
    id: { description: 'The key of the job.', ...keySchema(stepKeys, 'id') },
  };
  for (const [key, { meaning, schema: inFiles, apiSchema: schema = inFiles }] of jobKeys) {
    if (!onlyInFiles.has(key)) job[apiNames.get(key) ?? key] = { description: meaning, ...orNull(schema) };
  }
  job.retry_policy = {
    description: 'Retries with their backoff; its `max_retries` wins over the one beside it.',
    type: 'object',
    properties: { max_retries: keySchema(jobKeys, 'retries'), backoff: backoffSchema },
  };
  const trigger = { description: 'What starts the workflow, for readers and clients.', type: 'string' };
  return {
    title: 'A definition in the form of the API',
    type: 'object',
    properties: {
      name: keySchema(workflowKeys, 'name'),
      trigger,
      env: keySchema(workflowKeys, 'env'),
      jobs: { type: 'array', items: { $ref: '#/$defs/job' }, minItems: 1 },
    },
    required: ['jobs'],
    $defs: {
      job: {
        type: 'object',
        properties: job,
        required: ['id'],
        anyOf: [{ required: ['command'] }, { required: ['steps'] }],
      },
      step: { ...openMap(stepKeys), required: ['run'] },
      jobConcurrency: { ...openMap(jobConcurrencyKeys), required: ['group'] },
      ...namedSchemas,
    },
  };
}

function keySchema(keys: ReadonlyMap<string, KeyRow>, key: string): JsonObject {
  const row = keys.get(key);
  if (row === undefined) throw new Error(`a workflow file has no key ${key}`);
  return row.schema;
}

/** A map of a workflow file: no other keys; a key without a value counts as absent if it is optional. */
function closedMap(keys: ReadonlyMap<string, KeyRow>): JsonObject {
  const properties: JsonObject = {};
  for (const [key, { meaning, schema, needsValue = false }] of keys) {
    properties[key] = { description: meaning, ...(needsValue ? schema : orNull(schema)) };
  }
  return { type: 'object', properties, additionalProperties: false };
}

function openMap(keys: ReadonlyMap<string, KeyRow>): JsonObject {
  const properties: JsonObject = {};
  for (const [key, { meaning, schema }] of keys) properties[key] = { description: meaning, ...schema };
  return { type: 'object', properties };
}

function orNull(schema: JsonObject): JsonObject {
  if (schema.$ref !== undefined) return { anyOf: [schema, { type: 'null' }] };
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] };
  if (Array.isArray(schema.enum)) return { ...schema, enum: [...schema.enum, null] };
  return schema.type === undefined ? schema : { ...schema, type: [schema.type, 'null'] };
}
