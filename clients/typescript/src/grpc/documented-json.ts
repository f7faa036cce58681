import type { JsonForm } from '../gen/workflowgraph/v1/json-forms.js';
import { recordOf } from '../records.js';

/**
 * The JSON of the documented paths for a message: maps become objects, absent fields null, and enums words. Every field has
 * its place, so what reads the responses of the paths reads messages too. A word that is not known here is null.
 */
export function documentedJson(value: unknown, form: JsonForm = {}): unknown {
  if (value === undefined) return form.shape === 'object' ? {} : null;
  if (Array.isArray(value)) return value.map((one) => documentedJson(one, form));
  if (value instanceof Map) return recordOf([...value].map(([key, one]) => [key, documentedJson(one, form)] as const));
  if (form.shape === 'word') return form.words?.[value as number] ?? null;
  if (typeof value !== 'object' || form.shape === 'object') return value;
  const fields = Object.entries(value as object);
  const jsonOf = ([name, one]: [string, unknown]) => documentedJson(one, form.fields?.[name]);
  if (form.shape === 'tagged') return alternativeJson(fields.find(([, one]) => one !== undefined));
  if (form.shape === 'inline') return fields.map(jsonOf)[0];
  return Object.fromEntries(fields.map((field) => [field[0], jsonOf(field)]));
}

/** `"None"` for an alternative without fields, `{"Fixed": {…}}` for another. Absent fields are left out. */
function alternativeJson(alternative: readonly [name: string, message: unknown] | undefined): unknown {
  if (alternative === undefined) return null;
  const name = alternative[0].replace(/^./, (letter) => letter.toUpperCase());
  const fields = Object.entries(alternative[1] as object).filter(([, value]) => value !== undefined);
  return fields.length === 0 ? name : { [name]: Object.fromEntries(fields) };
}
