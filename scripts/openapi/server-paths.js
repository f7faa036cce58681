// The paths of the port outside the API.

const refused = (name) => ({ $ref: `#/components/responses/${name}` });
const foreign = { 400: refused('Malformed'), 403: refused('Forbidden') };
const json = (description, schema) => ({ description, content: { 'application/json': { schema } } });

export function serverPaths() {
  return {
    '/healthz': {
      get: publicOperation('Liveness', 'The process is alive.', {
        200: json('It does.', object({ alive: { type: 'boolean', const: true } })),
      }),
    },
    '/readyz': {
      get: publicOperation('Readiness', 'Whether the server can serve, and why not.', {
        200: json('It can.', object({ ready: { type: 'boolean', const: true } })),
        503: json('It cannot.', object({ ready: { type: 'boolean', const: false }, reason: { type: 'string' } })),
      }),
    },
    '/metrics': {
      get: {
        ...publicOperation('Metrics', 'Metrics in the Prometheus text format.', {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
          401: refused('Unauthenticated'),
        }),
        security: [{ token: ['read'] }],
      },
    },
    '/api/runs/{id}/jobs/{job_id}/log': {
      get: {
        ...publicOperation(
          'DownloadLog',
          'The log of a job as a file of text, as the worker sent it: of one attempt, or of all of them.',
          {
            200: { description: 'The log.', content: { 'text/plain': { schema: { type: 'string' } } } },
            401: refused('Unauthenticated'),
            404: refused('NotFound'),
            503: refused('Unavailable'),
          },
        ),
        tags: ['LogService'],
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 200 } },
          { name: 'job_id', in: 'path', required: true, schema: { type: 'string', maxLength: 200 } },
          { name: 'attempt', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 999999999 } },
          { name: 'timestamps', in: 'query', schema: { type: 'boolean' } },
        ],
        security: [{ token: ['read'] }],
      },
    },
    '/session': {
      post: {
        ...publicOperation('SignIn', 'Signs a browser in: sets the cookie `wg_session`.', {
          200: {
            ...json('Signed in.', object({ lifetime_secs: { type: 'integer' } })),
            headers: { 'Set-Cookie': { schema: { type: 'string' } } },
          },
          401: refused('Unauthenticated'),
          413: refused('TooLarge'),
          415: refused('UnsupportedMediaType'),
          429: refused('RateLimited'),
          503: refused('Unavailable'),
        }),
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { token: { type: 'string', minLength: 1 }, stay_signed_in: { type: 'boolean' } },
                required: ['token'],
              },
            },
          },
        },
      },
    },
    '/session/end': {
      post: publicOperation('SignOut', 'Signs a browser out: ends the session of its cookie.', {
        204: { description: 'Signed out.', headers: { 'Set-Cookie': { schema: { type: 'string' } } } },
        413: refused('TooLarge'),
        415: refused('UnsupportedMediaType'),
        503: refused('Unavailable'),
      }),
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
          content: { 'application/schema+json': { schema: { type: 'object' } } },
        },
      }),
    },
    '/docs': {
      get: publicOperation('ApiPage', 'This description as a page.', {
        200: { description: 'The page.', content: { 'text/html': { schema: { type: 'string' } } } },
      }),
    },
    '/worker.mjs': {
      get: publicOperation(
        'WorkerFile',
        'The standalone worker of the version of this server, as one file for Node 20 or later.',
        {
          200: { description: 'The file.', content: { 'text/javascript': { schema: { type: 'string' } } } },
          304: { description: 'Unchanged: it matches `If-None-Match`.' },
        },
      ),
    },
    '/worker.mjs.sha256': {
      get: publicOperation('WorkerFileChecksum', 'The SHA-256 of `/worker.mjs`, as `sha256sum` prints it.', {
        200: { description: 'The checksum.', content: { 'text/plain': { schema: { type: 'string' } } } },
        304: { description: 'Unchanged: it matches `If-None-Match`.' },
      }),
    },
    '/install.sh': {
      get: publicOperation(
        'WorkerInstaller',
        'A shell script that installs `/worker.mjs`, with the address of this server in it.',
        {
          200: { description: 'The script.', content: { 'text/x-shellscript': { schema: { type: 'string' } } } },
        },
      ),
    },
    ...clientPaths(),
  };
}

function clientPaths() {
  const file = (description, type) => ({ 200: { description, content: { [type]: { schema: { type: 'string' } } } } });
  const unchanged = { 304: { description: 'Unchanged: it matches `If-None-Match`.' } };
  return {
    '/clients/': {
      get: publicOperation(
        'Clients',
        'The client libraries of the version of this server as a page, with the commands that install them from here.',
        file('The page.', 'text/html'),
      ),
    },
    '/clients/SHA256SUMS': {
      get: publicOperation('ClientChecksums', 'The SHA-256 of each client library, as `sha256sum` prints it.', {
        ...file('The checksums.', 'text/plain'),
        ...unchanged,
      }),
    },
    '/go/workflowgraph.dev/client/@v/list': {
      get: publicOperation(
        'GoVersions',
        'The version of the Go client. `/go` is a module proxy, for `GOPROXY`, with this module alone.',
        file('The version.', 'text/plain'),
      ),
    },
    '/cargo/config.json': {
      get: publicOperation(
        'CargoRegistry',
        '`/cargo/` is a registry for cargo (`sparse+…`) with the Rust client alone.',
        {
          200: json('Where it has its archives.', object({ dl: { type: 'string' } })),
        },
      ),
    },
  };
}

function publicOperation(operationId, summary, responses) {
  return { tags: ['Server'], operationId, summary, responses: { ...responses, ...foreign }, security: [] };
}

function object(properties) {
  return { type: 'object', properties, required: Object.keys(properties) };
}
