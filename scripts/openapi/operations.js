// One operation: the request and response of a method with a documented path, and every status that it can return.
import { scopesOf } from '../proto-image.js';

/** A method's operation object. */
export function operation({ schemas, service, method, rule, text }) {
  const fields = schemas.fields(method.inputType);
  const inPath = [...rule.route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const rest = fields.filter(({ field }) => !inPath.includes(field.name));
  const bodyFields = rule.body === '*' ? rest : [];
  const queryFields = rule.body === '*' ? [] : rest.filter(({ field }) => field.name !== rule.body);
  const { type } = schemas.message(method.inputType);
  const parameter = (where) => (one) => parameterOf(schemas, type, one, where);
  const parameters = [
    ...fields.filter(({ field }) => inPath.includes(field.name)).map(parameter('path')),
    ...queryFields.map(parameter('query')),
    ...(method.serverStreaming ? [lastEventId] : []),
  ];
  const body = requestBody({ schemas, method, rule, bodyFields });
  const scopes = scopesOf(method);
  return {
    tags: [service.name],
    operationId: method.name,
    summary: text
      .split(/\.\s|:\s/, 1)[0]
      .replaceAll('\n', ' ')
      .replace(/\.$/, ''),
    description: text,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === null ? {} : { requestBody: body }),
    responses: {
      [rule.status]: success({ schemas, method, rule }),
      ...(method.serverStreaming ? { 204: { description: 'The resumed stream has ended.' } } : {}),
      ...refusals({ rule, inPath, names: fields.map(({ field }) => field.name), body }),
    },
    security: scopes.includes('public') ? [{}, { token: [] }] : scopes.map((scope) => ({ token: [scope] })),
  };
}

function parameterOf(schemas, message, { field, text }, where) {
  const schema = schemas.value(message, field, 'request');
  return {
    name: field.name,
    in: where,
    ...(where === 'path' ? { required: true } : {}),
    ...(text === '' ? {} : { description: text }),
    schema,
  };
}

const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'The id of the last event that was read: the stream resumes after it. Takes precedence over `after`.',
  schema: { type: 'string' },
};

function requestBody({ schemas, method, rule, bodyFields }) {
  if (rule.body === '') return null;
  if (rule.body !== '*') return definitionBody;
  // A method without body fields ignores any JSON body.
  const schema =
    bodyFields.length === 0
      ? {}
      : schemas.requestObject(
          method.inputType,
          bodyFields.map(({ field }) => field),
        );
  return { required: (schema.required ?? []).length > 0, content: { 'application/json': { schema } } };
}

const definitionBody = {
  required: true,
  description: 'A workflow file in YAML or JSON, or the form of the API, in which `jobs` is a list.',
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/WorkflowDefinition' } },
    'application/yaml': { schema: { $ref: '#/components/schemas/WorkflowFile' } },
  },
};

function success({ schemas, method, rule }) {
  if (method.serverStreaming) return events;
  const { type } = schemas.message(method.outputType);
  const field = type.field?.find(({ name }) => name === rule.responseBody);
  const name = method.outputType.split('.').at(-1);
  const schema =
    field === undefined ? schemas.reference(method.outputType, 'answer') : schemas.answerValue(type, field);
  const text = field === undefined ? name : `The field \`${field.name}\` of ${name}, alone.`;
  const isPaged = field !== undefined && type.field.some(({ name: other }) => other === 'next_offset');
  return { description: text, ...(isPaged ? { headers: nextPage } : {}), content: { 'application/json': { schema } } };
}

const nextPage = {
  Link: {
    description: 'The next page, as `<?limit=100&offset=100>; rel="next"`; absent on the last page.',
    schema: { type: 'string' },
  },
};

const events = {
  description:
    'Server-sent events. Each `log` event is one chunk (the schema `LogChunk`, as JSON in one `data` line), and its `id` ' +
    'is the position after which `Last-Event-ID` or `after` resumes. `end` means that the job has ended; resume a stream that ' +
    'ends without it. Comments are sent at least every 15 seconds.',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
};

/** Errors of every call: a wrong origin or a bad header, a missing or insufficient token, and a server that is unavailable. */
const always = { 400: 'Malformed', 401: 'Unauthenticated', 403: 'Forbidden', 500: 'Damaged', 503: 'Unavailable' };

/** The errors of the method, according to its path and its body. */
function refusals({ rule, inPath, names, body }) {
  const byStatus = { ...always };
  if (inPath.includes('lease_id')) byStatus[409] = 'Conflict';
  else if (inPath.length > 0 || names.includes('workflow')) byStatus[404] = 'NotFound';
  // A DELETE may carry a body, which is ignored.
  if (body !== null || rule.verb.toUpperCase() === 'DELETE') {
    byStatus[408] = 'RequestTimeout';
    byStatus[413] = 'TooLarge';
    byStatus[415] = 'UnsupportedMediaType';
  }
  if (names.includes('dependants')) byStatus[409] = 'CannotRerun';
  if (names.includes('reason') && !inPath.includes('schedule') && !inPath.includes('worker_id'))
    byStatus[409] = 'CannotPause';
  if (names.includes('max_live')) byStatus[409] = 'BackfillActive';
  if (names.includes('inputs')) {
    byStatus[409] = 'GroupFull';
    byStatus[422] = 'InvalidInputs';
    byStatus[429] = 'GroupQueueFull';
  }
  if (names.includes('definition') && names.includes('request_id')) {
    byStatus[409] = 'RequestIdUsed';
    byStatus[422] = 'InvalidDefinition';
  }
  if (names.includes('base_version')) {
    byStatus[409] = 'CannotUpdate';
    byStatus[422] = 'InvalidDefinition';
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
  );
}
