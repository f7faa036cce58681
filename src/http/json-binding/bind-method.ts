import { type DescField, type DescMethod, type Message, ScalarType } from '@bufbuild/protobuf';
import { ApiError } from '../../api/errors.js';
import { type HttpRule, httpRule, messageJsonForm, namesUnknownFields } from '../../api/method-options.js';
import { noteUnknownFields } from '../../api/unknown-fields.js';
import { JsonProblem, kindOf } from './json-problem.js';
import { parsePathTemplate } from './path-template.js';
import { emptyMessages, fieldReader, fieldsReader } from './read-message.js';
import { fieldWriter, type JsonWriter, messageWriter } from './write-message.js';

/** What a method gets of an HTTP request. */
interface HttpInput {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Parsed JSON, or undefined for no body; for a method with `rawBody`, the bytes. */
  readonly body: unknown;
  readonly contentType: string;
}

/** A method at its documented path, compiled once at the start. */
export interface MethodBinding {
  readonly method: DescMethod;
  readonly verb: HttpRule['verb'];
  /** The path in the router's syntax. */
  readonly route: string;
  readonly status: number;
  /** Whether clients may cache the answer for a day without revalidation. */
  readonly isKept: boolean;
  /** Whether the method gets the body as bytes, with its content type. */
  readonly rawBody: boolean;
  /** Throws ApiError `malformed`, naming the field. */
  readRequest(input: HttpInput): Message;
  /** Offset of the next page of a list whose answer is the bare list; 0 for none. */
  nextOffset(response: Message): number;
  /** The writer of the answer, which takes the response message. */
  readonly response: JsonWriter;
}

/** Null for a method without a documented path. Throws for options that the binding does not support. */
export function bindMethod(method: DescMethod): MethodBinding | null {
  const rule = httpRule(method);
  if (rule === null) return null;
  const { route, fields: pathNames } = parsePathTemplate(rule.path);
  const field = (name: string) => fieldNamed(method, name);
  const pathFields = pathNames.map(field);
  const rest = method.input.fields.filter(({ name }) => !pathNames.includes(name));

  const rawField = rule.body !== '' && rule.body !== '*' ? field(rule.body) : null;
  if (rawField !== null && (rawField.message === undefined || messageJsonForm(rawField.message) !== 'raw')) {
    throw new Error(`${method}: a body that is one field must be a JSON_FORM_RAW message`);
  }
  const bodyFields = rule.body === '*' ? rest : [];
  const queryFields = rule.body === '*' ? [] : rest.filter((one) => one !== rawField);

  const empty = emptyMessages(method.input);
  const readPath = textReader(method, pathFields);
  const readQuery = textReader(method, queryFields);
  const readBody = bodyReader(method, bodyFields);

  return {
    method,
    verb: rule.verb,
    route,
    status: rule.status,
    isKept: rule.isKept,
    rawBody: rawField !== null,
    nextOffset: nextOffsetReader(method, rule.responseBody),
    response: responseWriter(method, rule.responseBody),
    readRequest({ params, query, body, contentType }) {
      const request = empty();
      try {
        readBody(body, request);
        readQuery(query, request);
        readPath(params, request);
        if (rawField !== null) request[rawField.localName] = document(rawField, body, contentType);
      } catch (error) {
        throw error instanceof JsonProblem ? malformed(error) : error;
      }
      return request;
    },
  };
}

function fieldNamed(method: DescMethod, name: string): DescField {
  const found = method.input.fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`${method}: its google.api.http names ${name}, which ${method.input} lacks`);
  return found;
}

/** A method without fields for a body ignores any body. */
function bodyReader(method: DescMethod, fields: readonly DescField[]) {
  if (fields.length === 0) return () => {};
  const read = fieldsReader(method.input, fields);
  const known = namesUnknownFields(method) ? new Set(method.input.fields.map(({ name }) => name)) : null;
  return (body: unknown, request: Message & Record<string, unknown>) => {
    if (body === undefined || body === null) return;
    if (typeof body !== 'object' || Array.isArray(body)) {
      throw new JsonProblem(`the body must be a JSON object, got ${kindOf(body)}`);
    }
    read(body as Record<string, unknown>, request);
    const unknown = known === null ? [] : Object.keys(body).filter((name) => !known.has(name));
    if (unknown.length > 0) noteUnknownFields(request, unknown);
  };
}

/** Fields in the path or the query, which are texts whatever their types. */
function textReader(method: DescMethod, fields: readonly DescField[]) {
  const members = fields.map((field) => {
    const isList = field.fieldKind === 'list' && field.listKind !== 'message';
    if (field.fieldKind !== 'scalar' && field.fieldKind !== 'enum' && !isList) {
      throw new Error(`${method}: ${field.name} can be given neither in a path nor in a query`);
    }
    // An empty text is only a value for a string; for any other type it counts as absent.
    const emptyIsAbsent = field.scalar !== ScalarType.STRING;
    const fromText = field.scalar === ScalarType.BOOL ? booleanOf : (text: string): unknown => text;
    const read = fieldReader(field);
    return { name: field.name, local: field.localName, isList, emptyIsAbsent, fromText, read };
  });
  return (texts: HttpInput['query'], request: Record<string, unknown>) => {
    for (const { name, local, isList, emptyIsAbsent, fromText, read } of members) {
      const given = texts[name];
      if (given === undefined || (given === '' && emptyIsAbsent)) continue;
      try {
        if (isList) request[local] = read([given].flat().map(fromText));
        else request[local] = read(fromText(onlyOne(given)));
      } catch (error) {
        throw error instanceof JsonProblem ? error.inField(name) : error;
      }
    }
  };
}

function onlyOne(given: string | readonly string[]): string {
  if (typeof given === 'string') return given;
  throw new JsonProblem(`given ${given.length} times, expected once`);
}

function booleanOf(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}

function document(field: DescField, body: unknown, contentType: string): Message & Record<string, unknown> {
  const data = body instanceof Uint8Array ? body : new Uint8Array(0);
  return { $typeName: field.message?.typeName ?? '', contentType, data };
}

function responseWriter(method: DescMethod, responseBody: string): JsonWriter {
  if (responseBody === '') return messageWriter(method.output);
  const field = method.output.fields.find(({ name }) => name === responseBody);
  if (field === undefined)
    throw new Error(`${method}: its response_body names ${responseBody}, which ${method.output} lacks`);
  const writer = fieldWriter(field);
  const inner = (message: unknown) => (message as Record<string, unknown>)[field.localName];
  return {
    write: (message) => writer.write(inner(message)),
    weigh: (message) => writer.weigh(inner(message)),
    pieces: (message) => writer.pieces(inner(message)),
  };
}

function nextOffsetReader(method: DescMethod, responseBody: string): (response: Message) => number {
  const field = method.output.fields.find(({ name }) => name === 'next_offset');
  if (field === undefined || responseBody === '') return () => 0;
  return (response) => (response as unknown as Record<string, number>)[field.localName] ?? 0;
}

function malformed(problem: JsonProblem): ApiError {
  const { path, message } = problem;
  if (path === '') return new ApiError('malformed', message);
  const detail = { message, field: path, job: null, file: null, line: null, column: null };
  return new ApiError('malformed', `${path}: ${message}`, { problems: [detail] });
}
