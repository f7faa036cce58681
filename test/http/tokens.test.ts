import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { Principal, Scope } from '../../src/api/principal.js';
import { startServer, tokensOf } from './start-server.js';

function principal(name: string, scopes: Scope[], labelLimit: string[] | null = null, onlyLabelled = false): Principal {
  return { tokenId: `id-of-${name}`, scopes: new Set(scopes), labelLimit, onlyLabelled, name };
}

const tokens = tokensOf({
  'reader-token': principal('reader', ['read']),
  'worker-token': principal('worker', ['worker'], ['linux', 'docker']),
  'idle-token': principal('idle', ['worker'], []),
  'labelled-token': principal('labelled', ['worker'], null, true),
  'submit-token': principal('submitter', ['submit']),
  'admin-token': principal('root', ['admin']),
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('permissions', () => {
  test.each([
    ['no token', {}, 401, 'a token is needed: send the header "Authorization: Bearer <token>"'],
    ['another scheme', { authorization: 'Basic abc' }, 401, 'the Authorization header must read "Bearer <token>"'],
    ['an empty token', { authorization: 'Bearer ' }, 401, 'the Authorization header must read "Bearer <token>"'],
    ['an unknown token', bearer('wrong'), 401, 'the token is not valid'],
    [
      'a token without the scope',
      bearer('submit-token'),
      403,
      'the token "submitter" lacks the scope for workflowgraph.v1.WorkflowService/ListWorkflows: it needs read',
    ],
    ['a token with the scope', bearer('reader-token'), 200, null],
    ['a scheme in lower case', { authorization: 'bearer reader-token' }, 200, null],
    ['the admin', bearer('admin-token'), 200, null],
  ])('%s', async (_name, headers: Record<string, string>, status, message) => {
    const { url, engine } = await startServer({ tokens });
    const response = await fetch(`${url}/api/workflows`, { headers });
    const body = (await response.json()) as { code?: string; message?: string };
    expect([response.status, body.message ?? null]).toEqual([status, message]);
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="workflow-graph"' : null);
    expect(engine.calls).toHaveLength(status === 200 ? 1 : 0);

    const authorize: Interceptor = (next) => (request) => {
      for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
      return next(request);
    };
    const options = { baseUrl: url, httpVersion: '1.1' as const, interceptors: [authorize] };
    for (const transport of [
      createConnectTransport(options),
      createGrpcWebTransport(options),
      createGrpcTransport({ baseUrl: url, interceptors: [authorize] }),
    ]) {
      const answer = createClient(WorkflowService, transport).listWorkflows({});
      if (status === 200) {
        await answer;
        continue;
      }
      const error = await answer.then(() => null, ConnectError.from);
      expect(error?.code).toBe(status === 401 ? Code.Unauthenticated : Code.PermissionDenied);
      expect(error?.rawMessage).toBe(message);
    }
  });

  test('an unauthorized caller is refused before the body is read', async () => {
    const { url } = await startServer({ tokens });
    const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', body: '{broken' });
    expect(response.status).toBe(401);
    const rpc = await fetch(`${url}/workflowgraph.v1.JobService/ClaimJob`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{broken',
    });
    expect(rpc.status).toBe(401);
  });

  test('the engine learns which token was used', async () => {
    const { url, engine } = await startServer({ tokens });
    const body = '{"worker_id":"w1","labels":["linux"]}';
    await fetch(`${url}/api/jobs/claim`, { method: 'POST', body, headers: bearer('worker-token') });
    expect(engine.calls[0]?.args[0]).toMatchObject({ caller: { credential: 'id-of-worker' } });
  });

  test('without tokens every caller is the admin', async () => {
    const { url, engine } = await startServer();
    const body = '{"worker_id":"w1","labels":["anything"]}';
    await fetch(`${url}/api/jobs/claim`, { method: 'POST', body, headers: bearer('whatever') });
    expect(engine.calls[0]?.args[0]).toMatchObject({ caller: { credential: null } });
  });

  test('health is public', async () => {
    const { url } = await startServer({ tokens });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});

describe("a worker token's labels", () => {
  test.each([
    ['/api/jobs/claim', {}],
    ['/api/jobs/claim-many', { max_jobs: 1 }],
    ['/api/workers/register', {}],
  ])('%s may offer the labels of the token and no others', async (path, more) => {
    const { url } = await startServer({ tokens });
    const offer = async (token: string, labels: string[]) => {
      const body = JSON.stringify({ worker_id: 'w1', labels, ...more });
      const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: bearer(token) });
      return [response.status, ((await response.json()) as { message?: string } | null)?.message];
    };
    expect(await offer('worker-token', ['docker', 'linux'])).toEqual([200, undefined]);
    expect(await offer('worker-token', [])).toEqual([200, undefined]);
    expect(await offer('worker-token', ['linux', 'prod'])).toEqual([
      403,
      'the token "worker" may not offer the label "prod"; it may offer only linux, docker',
    ]);
    expect(await offer('idle-token', ['linux'])).toEqual([
      403,
      'the token "idle" may not offer the label "linux"; it may offer no labels',
    ]);
  });

  test('a refused claim combined with reports applies none of the reports', async () => {
    const { url, engine } = await startServer({ tokens });
    const body = JSON.stringify({
      reports: [{ lease_id: 'l1', success: {} }],
      claim: { worker_id: 'w1', labels: ['prod'], max_jobs: 1 },
    });
    const response = await fetch(`${url}/api/jobs/complete-many`, {
      method: 'POST',
      body,
      headers: bearer('worker-token'),
    });
    expect(response.status).toBe(403);
    expect(engine.calls).toEqual([]);
  });
});

describe('a worker with a token for labelled jobs only', () => {
  test.each([
    ['/api/jobs/claim', {}, 'claimJobs'],
    ['/api/jobs/claim-many', { max_jobs: 1 }, 'claimJobs'],
    ['/api/workers/register', {}, 'registerWorker'],
  ])('%s takes only those, whatever it requests', async (path, more, verb) => {
    const { url, engine } = await startServer({ tokens });
    const asked = async (token: string, body: object) => {
      engine.calls.length = 0;
      const text = JSON.stringify({ worker_id: 'w1', labels: ['linux'], ...more, ...body });
      await fetch(`${url}${path}`, { method: 'POST', body: text, headers: bearer(token) });
      return engine.calls.map(({ verb, args }) => [verb, (args[0] as { onlyLabelled?: boolean }).onlyLabelled]);
    };
    expect(await asked('labelled-token', {})).toEqual([[verb, true]]);
    expect(await asked('labelled-token', { only_labelled: false })).toEqual([[verb, true]]);
    expect(await asked('worker-token', { only_labelled: true })).toEqual([[verb, true]]);
    expect(await asked('worker-token', {})).toEqual([[verb, false]]);
  });
});

describe('routes outside the API', () => {
  test('a route without a policy prevents the start of the server', async () => {
    const starting = startServer({ moreRoutes: (app) => void app.get('/naked', async () => 'x') });
    await expect(starting).rejects.toThrow('the route GET /naked declares no policy');
  });

  test('a route with a scope requires it', async () => {
    const { url } = await startServer({
      tokens,
      moreRoutes: (app) => void app.get('/metrics', { config: { policy: 'read' } }, async () => 'numbers'),
    });
    const status = async (headers: Record<string, string>) => (await fetch(`${url}/metrics`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status(bearer('submit-token'))).toBe(403);
    expect(await status(bearer('reader-token'))).toBe(200);
    expect(await status(bearer('admin-token'))).toBe(200);
  });
});

test('calls with an invalid token are logged once, with their address, and then counted', async () => {
  const { url, logged } = await startServer({ tokens });
  for (let i = 0; i < 20; i++) await fetch(`${url}/api/workflows`, { headers: bearer('wrong') });
  await fetch(`${url}/api/workflows`);
  const told = logged.map((line) => JSON.parse(line)).filter(({ audit }) => audit === 'token.refused');
  expect(told).toMatchObject([{ remote_address: '127.0.0.1', calls: 1, request_id: expect.any(String) }]);
  expect(JSON.stringify(logged)).not.toContain('wrong');
});
