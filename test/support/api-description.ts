import { readFileSync } from 'node:fs';
import type { AnySchema, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/domain/json.js';

/** One operation of schema/openapi.json. */
export interface Operation {
  readonly id: string;
  readonly verb: string;
  /** As written in the document: `/api/jobs/{lease_id}/complete`. */
  readonly route: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: JsonObject }[];
  /** The schema of a JSON body; null for a method without one. */
  readonly body: JsonObject | null;
  /** By status: the validator of each content type. */
  readonly answers: ReadonlyMap<number, ReadonlyMap<string, ValidateFunction>>;
}

export interface ApiDescription {
  readonly document: JsonObject;
  readonly operations: readonly Operation[];
  /** Follows a `$ref` of the document. */
  resolve(schema: JsonObject): JsonObject;
}

/** The committed description with closed response schemas: a field that it does not declare is an error. */
export function apiDescription(): ApiDescription {
  const text = readFileSync(new URL('../../schema/openapi.json', import.meta.url), 'utf8');
  const document = JSON.parse(text) as JsonObject;
  const closed = closeAnswers(JSON.parse(text) as JsonObject);
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
  ajv.addSchema(closed as AnySchema, 'api');

  const operations: Operation[] = [];
  for (const [route, item] of Object.entries(member(document, 'paths'))) {
    for (const [verb, operation] of Object.entries(item as JsonObject)) {
      const where = ['paths', route, verb];
      operations.push(toOperation({ document, ajv }, where, operation as JsonObject, verb.toUpperCase(), route));
    }
  }
  return {
    document,
    operations,
    resolve: (schema) => (typeof schema.$ref === 'string' ? follow(document, schema.$ref) : schema),
  };
}

function toOperation(
  { document, ajv }: { document: JsonObject; ajv: Ajv2020 },
  where: readonly string[],
  operation: JsonObject,
  verb: string,
  route: string,
): Operation {
  const answers = new Map<number, Map<string, ValidateFunction>>();
  for (const [status, response] of Object.entries(member(operation, 'responses'))) {
    const ref = (response as JsonObject).$ref;
    const at = typeof ref === 'string' ? ref.slice(2).split('/') : [...where, 'responses', status];
    const found = typeof ref === 'string' ? follow(document, ref) : (response as JsonObject);
    const content = isJsonObject(found.content) ? found.content : {};
    const types = Object.keys(content).map((type): [string, ValidateFunction] => {
      const path = [...at, 'content', type, 'schema'].map(pointerPart).join('/');
      return [type, ajv.compile({ $ref: `api#/${path}` })];
    });
    answers.set(Number(status), new Map(types));
  }
  return {
    id: String(operation.operationId),
    verb,
    route,
    parameters: (operation.parameters ?? []) as unknown as Operation['parameters'],
    body: bodySchema(operation),
    answers,
  };
}

function bodySchema({ requestBody }: JsonObject): JsonObject | null {
  if (!isJsonObject(requestBody)) return null;
  return member(member(member(requestBody, 'content'), 'application/json'), 'schema');
}

/** Response schemas list every field: no other field is allowed. */
function closeAnswers(document: JsonObject): JsonObject {
  for (const [name, schema] of Object.entries(member(member(document, 'components'), 'schemas'))) {
    if (name.endsWith('Input') || name.startsWith('WorkflowF') || !isJsonObject(schema)) continue;
    if (schema.type === 'object') schema.additionalProperties = false;
  }
  return document;
}

function follow(document: JsonObject, ref: string): JsonObject {
  return ref
    .slice(2)
    .split('/')
    .reduce((at, part) => member(at, part), document);
}

function member(object: JsonObject, name: string): JsonObject {
  const found: JsonValue | undefined = object[name];
  if (!isJsonObject(found)) throw new Error(`the description has no object ${name} where one is expected`);
  return found;
}

function pointerPart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
