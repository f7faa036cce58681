import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const file = new URL('../../schema/workflow.json', import.meta.url);

const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(file, 'utf8')),
);

/** What an editor with the committed JSON Schema says of a workflow file; null for nothing. Throws for what is not YAML. */
export function saidByEditor(text: string): string | null {
  if (validate(parse(text, { stringKeys: true }))) return null;
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
}
