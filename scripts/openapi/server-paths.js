// What the port answers beside the API.

const refused = (name) => ({ $ref: `#/components/responses/${name}` });
const foreign = { 400: refused('Malformed'), 403: refused('Forbidden') };
const json = (description, schema) => ({ description, content: { 'application/json': { schema } } });

export function serverPaths() {
  return {
    '/healthz': {
      get: publicOperation('Liveness', 'The process answers.', {
        200: json('It does.', object({ alive: { const: true } })),
      }),
    },
    '/readyz': {
      get: publicOperation('Readiness', 'Whether the server can serve, and why not.', {
        200: json('It can.', object({ ready: { const: true } })),
        503: json('It cannot.', object({ ready: { const: false }, reason: { type: 'string' } })),
      }),
    },
    '/metrics': {
      get: {
        ...publicOperation('Metrics', 'Metrics in the text form that Prometheus reads.', {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
          401: refused('Unauthenticated'),
        }),
        security: [{ token: ['read'] }],
      },
    },
    '/openapi.json': {
      get: publicOperation('ApiDescription', 'This document.', {
        200: json('An OpenAPI 3.1 document.', { type: 'object' }),
      }),
    },
    '/schema/workflow.json': {
      get: publicOperation('WorkflowFileSchema', 'The JSON Schema of a workflow file, for editors.', {
        200: {
          description: 'A JSON Schema, draft 2020-12.',
          content: { 'application/schema+json': { schema: { type: ['object', 'boolean'] } } },
        },
      }),
    },
    '/docs': {
      get: publicOperation('ApiPage', 'This description as a page.', {
        200: { description: 'The page.', content: { 'text/html': { schema: { type: 'string' } } } },
      }),
    },
  };
}

function publicOperation(operationId, summary, responses) {
  return { tags: ['Server'], operationId, summary, responses: { ...responses, ...foreign }, security: [] };
}

function object(properties) {
  return { type: 'object', properties, required: Object.keys(properties) };
}
