import { Client } from '@workflow-graph/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultProxy } from '../conformance/driver/proxy/fault-proxy.js';
import { type Operation, operationAt } from '../conformance/driver/proxy/operations.js';
import { runQuery } from '../support/run-query.js';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;
let proxy: FaultProxy;

beforeEach(async () => {
  here = await new ServerHere().start();
  proxy = new FaultProxy(() => Number(new URL(here.url).port));
  await proxy.start();
});

afterEach(async () => {
  await proxy.stop();
  await here.end();
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function post(base: string, path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

async function remove(base: string, path: string): Promise<Answer> {
  const answer = await fetch(base + path, { method: 'DELETE' });
  return { status: answer.status, body: await answer.text() };
}

/** Sends a call whose response is cut after the server has handled it, and sends it again. */
function sentTwice(path: string, body: object): Promise<Answer> {
  return cutAndSentAgain(operationAt(path), () => post(proxy.url, path, body));
}

async function cutAndSentAgain(of: Operation, send: () => Promise<Answer>): Promise<Answer> {
  const before = proxy.struck;
  proxy.add({ of, at: 'answer' });
  await expect(send()).rejects.toThrow();
  expect(proxy.struck).toBe(before + 1);
  return send();
}

const definition = (...jobs: object[]) => ({ name: 'cut', trigger: '', jobs });
const withCleanUp = definition(
  { id: 'a', command: 'x' },
  { id: 'clean', command: 'x', depends_on: ['a'], if: 'always()' },
);
const requestId = 'a-request-id-of-one-call';

async function create(body: object): Promise<string> {
  return ((await post(here.url, '/api/workflows', body)).body as { id: string }).id;
}

async function start(id: string): Promise<string> {
  return ((await post(here.url, `/api/workflows/${id}/run`, {})).body as { run_id: string }).run_id;
}

async function claim(more: object = {}): Promise<{ job: { job_id: string }; lease: { lease_id: string } }> {
  const { body } = await post(here.url, '/api/jobs/claim', { worker_id: 'w', ...more });
  if (body === null) throw new Error('no job is claimable');
  return body as Awaited<ReturnType<typeof claim>>;
}

async function statuses(run: string): Promise<Record<string, string>> {
  const { jobs } = await here.server.engine.workflowStatus(run);
  return Object.fromEntries(jobs.map((job) => [job.key, job.status]));
}

async function workflows(): Promise<number> {
  const query = { limit: 100, offset: 0, status: null, jobsMax: 20_000 };
  return (await here.server.engine.listWorkflows(query)).workflows.length;
}

async function runs(): Promise<number> {
  return (await here.server.engine.listRuns(runQuery())).runs.length;
}

describe('a call whose response is cut after the commit, and that is repeated', () => {
  test('creates one workflow', async () => {
    const { status } = await sentTwice(`/api/workflows?request_id=${requestId}`, withCleanUp);
    expect([status, await workflows()]).toEqual([201, 1]);
  });

  test('removes one workflow, once, and leaves its runs', async () => {
    const id = await create(withCleanUp);
    await create(definition({ id: 'other', command: 'x' }));
    const run = await start(id);
    const removed = await cutAndSentAgain('remove', () => remove(proxy.url, `/api/workflows/${id}`));
    expect([removed.status, await workflows(), await runs()]).toEqual([200, 1, 1]);
    expect(await statuses(run)).toEqual({ a: 'queued', clean: 'queued' });
    const { events } = await here.server.engine.listAudit({
      action: 'workflow.removed',
      subject: id,
      limit: 10,
      pageToken: '',
    });
    expect(events).toHaveLength(1);
  });

  test('starts one run', async () => {
    const id = await create(withCleanUp);
    const { status } = await sentTwice(`/api/workflows/${id}/run`, { request_id: requestId });
    expect([status, await runs()]).toEqual([202, 1]);
  });

  test('cancels once, and leaves clean-up jobs unaffected', async () => {
    const run = await start(await create(withCleanUp));
    expect((await sentTwice(`/api/workflows/${run}/cancel`, {})).status).toBe(202);
    expect(await statuses(run)).toEqual({ a: 'cancelled', clean: 'queued' });
    expect((await sentTwice(`/api/workflows/${run}/cancel`, { force: true })).status).toBe(202);
    expect(await statuses(run)).toEqual({ a: 'cancelled', clean: 'cancelled' });
  });

  test('claims one job', async () => {
    await start(await create(definition({ id: 'a', command: 'x' }, { id: 'b', command: 'x' })));
    const { body } = await sentTwice('/api/jobs/claim', { worker_id: 'w', request_id: requestId });
    expect((body as { job: { job_id: string } }).job.job_id).toBe('a');
    const many = await sentTwice('/api/jobs/claim-many', { worker_id: 'w', max_jobs: 5, request_id: `${requestId}-2` });
    expect((many.body as { claims: { job: { job_id: string } }[] }).claims.map(({ job }) => job.job_id)).toEqual(['b']);
  });

  test('registers a worker, and renews its leases', async () => {
    expect((await sentTwice('/api/workers/register', { worker_id: 'w', labels: ['a'] })).status).toBe(200);
    expect((await sentTwice('/api/workers/w/heartbeat', {})).status).toBe(200);
    await start(await create(definition({ id: 'a', command: 'x' })));
    const { lease } = await claim();
    expect((await sentTwice(`/api/jobs/${lease.lease_id}/heartbeat`, {})).status).toBe(200);
  });

  test('stores log chunks once', async () => {
    const run = await start(await create(definition({ id: 'a', command: 'x' })));
    const { lease } = await claim();
    const chunks = [{ sequence: 0, data: 'once', timestamp_ms: 1, stream: 'stdout' }];
    expect((await sentTwice(`/api/jobs/${lease.lease_id}/logs`, { chunks })).status).toBe(200);
    const logs = await fetch(`${here.url}/api/workflows/${run}/jobs/a/logs`);
    expect(await logs.json()).toHaveLength(1);
  });

  test.each([
    ['complete', { outputs: { k: 'v' } }, 'success'],
    ['fail', { error: 'no' }, 'failure'],
  ])('reports one end: %s', async (verb, body, status) => {
    const run = await start(await create(definition({ id: 'a', command: 'x' })));
    const { lease } = await claim();
    expect((await sentTwice(`/api/jobs/${lease.lease_id}/${verb}`, body)).status).toBe(200);
    expect(await statuses(run)).toEqual({ a: status });
  });

  test('reports and claims together once', async () => {
    const run = await start(await create(definition({ id: 'a', command: 'x' }, { id: 'b', command: 'x' })));
    const { lease } = await claim();
    const { status, body } = await sentTwice('/api/jobs/complete-many', {
      reports: [{ lease_id: lease.lease_id, success: {} }],
      claim: { worker_id: 'w', max_jobs: 1, request_id: requestId },
    });
    expect([status, (body as { claims: unknown[] }).claims.length]).toEqual([200, 1]);
    expect(await statuses(run)).toEqual({ a: 'success', b: 'running' });
  });

  test('releases a job once: the repeat reports the lease as gone, and the next holder keeps the job', async () => {
    const run = await start(await create(definition({ id: 'a', command: 'x' })));
    const { lease } = await claim();
    const { status, body } = await sentTwice(`/api/jobs/${lease.lease_id}/release`, {});
    expect([status, body]).toMatchObject([409, { reason: 'unknown_lease' }]);
    const next = await claim();
    expect((await post(here.url, `/api/jobs/${lease.lease_id}/release`, {})).status).toBe(409);
    expect(await statuses(run)).toEqual({ a: 'running' });
    expect((await post(here.url, `/api/jobs/${next.lease.lease_id}/complete`, {})).status).toBe(200);
  });
});

describe('the TypeScript client, whose reused connection is cut after the commit', () => {
  /** The calls that the client sends on a reused connection, which it takes for one that the server had closed. */
  async function onKeptConnection<T>(of: Operation, act: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ serverUrl: proxy.url });
    await client.workflows();
    proxy.add({ of, at: 'answer' });
    try {
      return await act(client);
    } finally {
      client.close();
    }
  }

  test('creates one workflow', async () => {
    await onKeptConnection('create', (client) => client.createWorkflow(withCleanUp));
    expect([proxy.struck, await workflows()]).toEqual([1, 1]);
  });

  test('removes a workflow', async () => {
    const id = await create(withCleanUp);
    await onKeptConnection('remove', (client) => client.removeWorkflow(id));
    expect([proxy.struck, await workflows()]).toEqual([1, 0]);
  });

  test('cancels without force', async () => {
    const run = await start(await create(withCleanUp));
    expect(await onKeptConnection('cancel', (client) => client.cancel(run))).toBe(run);
    expect([proxy.struck, await statuses(run)]).toEqual([1, { a: 'cancelled', clean: 'queued' }]);
  });
});
