// Errors on the documented paths: the statuses and codes of src/api/errors.ts (a test compares the two).

const refusals = [
  [400, 'Malformed', 'malformed', 'The request cannot be read, or breaks a rule; the message names the field.'],
  [401, 'Unauthenticated', 'unauthenticated', 'A token is required, or this one is invalid, revoked or expired.'],
  [403, 'Forbidden', 'forbidden', 'The token lacks a scope or a label, or the host or the origin is not allowed.'],
  [404, 'NotFound', 'not_found', 'There is no such run, workflow, job or worker.'],
  [408, 'RequestTimeout', 'request_timeout', 'The request took too long to arrive.'],
  [409, 'Conflict', 'conflict', 'The lease accepts no report; `reason` says why.'],
  [409, 'RequestIdUsed', 'conflict', 'The same `request_id` was used for another definition.'],
  [409, 'CannotUpdate', 'conflict', 'The workflow comes from a file, or `base_version` is not its current version.'],
  [409, 'CannotRerun', 'conflict', 'There is nothing to re-run, or a running job prevents it, as `reason` says.'],
  [409, 'CannotPause', 'conflict', 'The run has ended, or the pause was ended at the same time.'],
  [409, 'BackfillActive', 'conflict', 'The schedule has an active backfill: wait for it, or cancel it.'],
  [409, 'GroupFull', 'group_full', "The run's concurrency group is full, and its `queue` is `none`."],
  [413, 'TooLarge', 'too_large', 'The message names the field and its limit.'],
  [
    415,
    'UnsupportedMediaType',
    'unsupported_media_type',
    'The path does not support the content type, or the body is compressed.',
  ],
  [
    422,
    'InvalidDefinition',
    'invalid_definition',
    'The definition is invalid; `details` lists every problem with its location.',
  ],
  [
    422,
    'InvalidInputs',
    'invalid_inputs',
    'The inputs do not match the declared ones; `details` lists every problem with its field.',
  ],
  [429, 'GroupQueueFull', 'group_queue_full', "The queue of the run's concurrency group is full."],
  [429, 'RateLimited', 'rate_limited', 'Too many wrong tokens from this address: retry later.'],
  [500, 'Damaged', 'damaged', 'The requested data in the database file is damaged: restore a backup.'],
  [503, 'Unavailable', 'unavailable', 'The server is overloaded, stopping, or waiting for its database: retry.'],
];

/** For `components.responses`. */
export function errorResponses() {
  return Object.fromEntries(refusals.map(([status, name, code, text]) => [name, response(name, status, code, text)]));
}

function response(name, status, code, description) {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Error' }],
    properties: { code: { type: 'string', const: code } },
    ...(name === 'Conflict' ? { required: ['reason'] } : {}),
  };
  return { description, ...headers[status], content: { 'application/json': { schema } } };
}

const headers = {
  401: { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } },
  429: { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } },
  503: { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } },
};

/** For `components.schemas`. */
export function errorSchemas() {
  return {
    Error: {
      description: 'The body of every refusal.',
      type: 'object',
      properties: {
        code: { type: 'string', enum: [...new Set(refusals.map(([, , code]) => code))] },
        message: { type: 'string', description: 'For people: what is wrong, where, and what to do.' },
        reason: {
          description: 'Why the lease accepts no report.',
          $ref: '#/components/schemas/ErrorReason',
        },
        details: { type: 'array', items: { $ref: '#/components/schemas/ErrorProblem' }, minItems: 1 },
      },
      required: ['code', 'message'],
    },
    ErrorProblem: {
      description: 'One problem of a request or a definition.',
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
