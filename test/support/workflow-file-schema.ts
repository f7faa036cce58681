import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { apiFormSchema } from '../../src/domain/definition/schema.js';

const file = new URL('../../schema/workflow.json', import.meta.url);

const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(file, 'utf8')),
);

/**
 * The errors that an editor with the committed JSON Schema reports for a workflow file; null if valid. Throws if the
 * text is not YAML.
 */
export function saidByEditor(text: string): string | null {
  if (validate(parse(text, { stringKeys: true }))) return null;
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
}

const validateApiForm = new Ajv2020({ strict: false }).compile(apiFormSchema());

/** The errors that the API description's schema of JSON definitions reports; null if valid. */
export function saidOfApiForm(text: string): string | null {
  const definition: { jobs?: unknown } = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (!Array.isArray(definition.jobs)) return saidByEditor(text.replace(/^\uFEFF/, ''));
  if (validateApiForm(definition)) return null;
  return (validateApiForm.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
}
