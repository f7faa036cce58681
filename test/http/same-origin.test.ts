import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { claimBuild, type RunningServer, type StartOptions, startServer } from './start-server.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A server with a lease, and the path of its heartbeats. */
async function startWithLease(options: StartOptions = {}) {
  const server = await startServer(options);
  const { leaseId } = await claimBuild(server);
  return { ...server, engine: server.engine, heartbeat: `/api/jobs/${leaseId}/heartbeat` };
}

/** Unlike fetch, this lets a test choose Host, Origin and Sec-Fetch headers. */
async function send(
  server: RunningServer,
  headers: Record<string, string>,
  method = 'POST',
  path = '/api/jobs/l1/heartbeat',
) {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = httpRequest({ port: server.port, host: '127.0.0.1', method, path, headers }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
  });
  request.on('error', reject).end();
  return promise;
}

describe('the Host header of a request', () => {
  const named: StartOptions = { config: { allowedHosts: ['ci.example.com', '::2'] } };
  const open: StartOptions = { loopback: false };

  test.each([
    ['localhost', {}, 200],
    ['localhost:3000', {}, 200],
    ['LOCALHOST', {}, 200],
    ['wf.localhost:3000', {}, 200],
    ['127.0.0.1', {}, 200],
    ['[::1]:3000', {}, 200],
    ['evil.example', {}, 403],
    ['127.0.0.1.evil.example', {}, 403],
    ['localhost.evil.example', {}, 403],
    ['ci.example.com:3000', {}, 403],
    ['ci.example.com:3000', named, 200],
    ['[::2]', named, 200],
    ['other.example.com', named, 403],
    ['other.example.com', open, 200],
    ['other.example.com', { ...named, loopback: false }, 403],
    ['[', {}, 400],
    ['a/b', {}, 400],
    ['a@localhost', {}, 400],
  ] as const)('%s with %j: %i', async (host, options, status) => {
    const server = await startWithLease(options);
    expect((await send(server, { host }, 'POST', server.heartbeat)).status).toBe(status);
    expect((await send(server, { host }, 'POST', '/workflowgraph.v1.JobService/HeartbeatLease')).status).toBe(
      status === 200 ? 415 : status,
    );
  });

  test('the error names the remedy', async () => {
    const server = await startServer();
    expect(JSON.parse((await send(server, { host: 'evil.example' })).body)).toEqual({
      code: 'forbidden',
      message:
        'the server does not answer to the host "evil.example"; start the server with ALLOWED_HOSTS=evil.example to allow it',
    });
  });

  test('the same check applies to :authority in HTTP/2', async () => {
    const { port } = await startServer();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/api/jobs/l1/heartbeat',
      ':authority': 'evil.example',
    });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    stream.on('response', (headers) => resolve(headers[':status'])).resume();
    expect(await promise).toBe(403);
  });
});

describe('the page that sends a request', () => {
  const cors: StartOptions = { config: { corsOrigins: ['https://ci.example.com'] } };
  const all: StartOptions = { config: { corsOrigins: ['*'] } };
  const site = (value: string, mode = 'cors') => ({ 'sec-fetch-site': value, 'sec-fetch-mode': mode });

  test.each([
    ['no page', 'POST', {}, {}, 200],
    ['a page of this server', 'POST', { origin: 'http://localhost:3000' }, {}, 200],
    ['a page of another port', 'POST', { origin: 'http://localhost:8080' }, {}, 403],
    ['a page of another site', 'POST', { origin: 'https://evil.example' }, {}, 403],
    ['a sandboxed page', 'POST', { origin: 'null' }, {}, 403],
    ['a page that hides its origin', 'POST', site('cross-site', 'no-cors'), {}, 403],
    ['a page of another port that hides its origin', 'POST', site('same-site', 'no-cors'), {}, 403],
    ['a form of another site', 'POST', site('cross-site', 'navigate'), {}, 403],
    ['a script tag of another site', 'GET', site('cross-site', 'no-cors'), {}, 403],
    ['a link on another site', 'GET', site('cross-site', 'navigate'), {}, 200],
    ['a typed address', 'GET', site('none', 'navigate'), {}, 200],
    ['a page of this server, GET', 'GET', site('same-origin'), {}, 200],
    ['an allowed page', 'POST', { origin: 'https://ci.example.com' }, cors, 200],
    ['another page than the allowed one', 'POST', { origin: 'https://evil.example' }, cors, 403],
    ['any page when all are allowed', 'POST', { origin: 'https://evil.example' }, all, 200],
  ] as const)('%s (%s %j, %j): %i', async (_name, method, headers, options, status) => {
    const server = await startWithLease(options);
    const path = method === 'GET' ? '/api/workers' : server.heartbeat;
    const answer = await send(server, { host: 'localhost:3000', ...headers }, method, path);
    expect(answer.status).toBe(status);
    expect(server.engine.calls).toHaveLength(status === 200 ? 1 : 0);
  });

  test('only allowed pages may read responses, on the documented paths and with Connect', async () => {
    const server = await startServer(cors);
    const origin = 'https://ci.example.com';
    for (const path of ['/api/jobs/l1/heartbeat', '/workflowgraph.v1.JobService/HeartbeatLease']) {
      const headers = { host: 'localhost', origin, 'content-type': 'application/json' };
      const answer = await send(server, headers, 'POST', path);
      expect(answer.headers['access-control-allow-origin'], path).toBe(origin);
      expect(answer.headers['access-control-expose-headers'], path).toContain('grpc-status');
      expect(answer.headers.vary, path).toBe('origin');
    }
    const own = await send(server, { host: 'localhost', origin: 'http://localhost' });
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a preflight is answered for allowed pages and no others', async () => {
    const server = await startServer(cors);
    const asked = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-grpc-web',
    };
    for (const path of ['/api/jobs/claim', '/workflowgraph.v1.JobService/ClaimJob']) {
      const yes = await send(
        server,
        { host: 'localhost', origin: 'https://ci.example.com', ...asked },
        'OPTIONS',
        path,
      );
      expect(yes.status, path).toBe(204);
      expect(yes.headers['access-control-allow-headers'], path).toBe('content-type,x-grpc-web');
      expect(yes.headers['access-control-allow-methods'], path).toContain('POST');
      const no = await send(server, { host: 'localhost', origin: 'https://evil.example', ...asked }, 'OPTIONS', path);
      expect([no.status, no.headers['access-control-allow-origin']], path).toEqual([403, undefined]);
    }
  });

  test('responses are neither sniffed nor cached', async () => {
    const server = await startServer();
    for (const path of ['/api/workers', '/healthz', '/nowhere']) {
      const { headers } = await send(server, { host: 'localhost' }, 'GET', path);
      expect([headers['x-content-type-options'], headers['cache-control']], path).toEqual(['nosniff', 'no-store']);
    }
  });
});
