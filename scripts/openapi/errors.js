// Refusals on the documented paths: the statuses and codes of src/api/errors.ts (a test compares the two).

const refusals = [
  [400, 'Malformed', 'malformed', 'The request cannot be read, or breaks a rule; the message names the field.'],
  [401, 'Unauthenticated', 'unauthenticated', 'A token is needed, or this one does not count.'],
  [403, 'Forbidden', 'forbidden', 'The token lacks a scope or a label; or the host or the origin is not allowed.'],
  [404, 'NotFound', 'not_found', 'There is no such run, workflow, job or worker.'],
  [408, 'RequestTimeout', 'request_timeout', 'The request took too long to arrive.'],
  [409, 'Conflict', 'conflict', 'The lease takes no report; `reason` says why.'],
  [413, 'TooLarge', 'too_large', 'The message names what is too large, and its limit.'],
  [
    415,
    'UnsupportedMediaType',
    'unsupported_media_type',
    'A definition is neither JSON nor YAML; or a body is compressed.',
  ],
  [
    422,
    'InvalidDefinition',
    'invalid_definition',
    'The definition cannot run; `details` has every problem and its place.',
  ],
  [500, 'Damaged', 'damaged', 'The database file is damaged where the request meets it: it is to be restored.'],
  [503, 'Unavailable', 'unavailable', 'The server is overloaded, is stopping, or waits for its database: try again.'],
];

/** For `components.responses`. */
export function errorResponses() {
  return Object.fromEntries(refusals.map(([status, name, code, text]) => [name, response(status, code, text)]));
}

function response(status, code, description) {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Error' }],
    properties: { code: { const: code } },
    ...(status === 409 ? { required: ['reason'] } : {}),
  };
  return { description, ...headers[status], content: { 'application/json': { schema } } };
}

const headers = {
  401: { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } },
  503: { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } },
};

/** For `components.schemas`. */
export function errorSchemas() {
  return {
    Error: {
      description: 'The body of every refusal.',
      type: 'object',
      properties: {
        code: { type: 'string', enum: refusals.map(([, , code]) => code) },
        message: { type: 'string', description: 'For people: what is wrong, where, and the way out.' },
        reason: {
          description: 'Why a lease takes no report.',
          $ref: '#/components/schemas/ErrorReason',
        },
        details: { type: 'array', items: { $ref: '#/components/schemas/ErrorProblem' }, minItems: 1 },
      },
      required: ['code', 'message'],
    },
    ErrorProblem: {
      description: 'One thing that is wrong with a request or a definition.',
      type: 'object',
      properties: {
        message: { type: 'string' },
        field: { type: ['string', 'null'], description: 'The path of the field, such as `chunks[0].data`.' },
        job: { type: ['string', 'null'], description: "The job's key, for a definition." },
        line: { type: ['integer', 'null'], minimum: 1 },
        column: { type: ['integer', 'null'], minimum: 1 },
      },
      required: ['message', 'field', 'job', 'line', 'column'],
    },
  };
}
