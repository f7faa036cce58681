import { expect, test } from 'vitest';
import { claimBuild, startBuild, startServer } from './start-server.js';

const json = { 'content-type': 'application/json' };

test.each([
  ['no body, no content type', {}],
  ['no body, a JSON content type', { headers: json }],
  ['an empty body, a JSON content type', { headers: json, body: '' }],
  ['a null body', { headers: json, body: 'null' }],
  ['an empty object and a line feed', { headers: json, body: '{}\n' }],
  ['an array', { headers: json, body: '[1, 2]' }],
  ['a string', { headers: json, body: '"alive"' }],
  ['a number', { headers: json, body: '7' }],
  ['unknown fields', { headers: json, body: '{"lease_id":"other","x":{"y":1}}' }],
  ['the content type of curl', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{}' }],
  ['an invalid content type', { headers: { 'content-type': 'nonsense' }, body: '{}' }],
  ['white space only', { headers: json, body: ' \r\n' }],
])('a heartbeat with %s is accepted', async (_name, init) => {
  const server = await startServer();
  const { url, engine } = server;
  const { leaseId } = await claimBuild(server);
  const response = await fetch(`${url}/api/jobs/${leaseId}/heartbeat`, { method: 'POST', ...init });
  expect([response.status, await response.text()]).toEqual([
    200,
    '{"ttl_secs":30,"cancelled":false,"stop_reason":null,"stop_within_secs":null,"drain":false,"drain_stop":false}',
  ]);
  expect(engine.calls).toEqual([
    { verb: 'heartbeatLease', args: [expect.objectContaining({ credential: null }), leaseId] },
  ]);
});

test('a claim without a job is the bare `null`', async () => {
  const { url, engine } = await startServer();
  // As Python's requests, a Go json.Encoder (with a line feed) and fetch send it.
  for (const body of [
    '{"worker_id": "w1", "labels": ["python"], "lease_ttl_secs": 60}',
    '{"worker_id":"w1","labels":[]}\n',
  ]) {
    const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', headers: json, body });
    expect([response.status, await response.text()]).toEqual([200, 'null']);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  }
  expect(engine.calls.map(({ args }) => args[0])).toMatchObject([
    { labels: ['python'], leaseTtlSecs: 60, waitMs: 0, requestId: null, maxJobs: 1 },
    { labels: [], leaseTtlSecs: null },
  ]);
});

test('a claimed job is written as in the contract', async () => {
  const { url, fixture } = await startServer();
  const { environment } = fixture;
  const runId = await fixture.run(`
name: CI
jobs:
  prepare: { run: make prepare }
  build:
    name: Build
    needs: prepare
    labels: [linux, docker]
    steps: [{ run: make, env: { KEY: a } }, { id: sign, name: Sign, run: ./sign.sh }]
    retries: 2
    backoff: { fixed: 5 }
    timeout: 13
    env: { CI: true }
    priority: -3
    metadata: { a: [1, null] }
`);
  const prepare = await fixture.claimed();
  await environment.advance(2_900);
  await fixture.complete(prepare, { version: '1.2.3' });
  await fixture.fail(await fixture.claimed({ labels: ['linux', 'docker'] }), true);
  const failedAtMs = environment.now();
  await environment.advance(5_000);
  const response = await fetch(`${url}/api/jobs/claim`, {
    method: 'POST',
    body: '{"worker_id":"w1","labels":["docker","linux","gpu"],"lease_ttl_secs":60}',
  });
  expect(await response.json()).toEqual({
    job: {
      job_id: 'build',
      workflow_id: runId,
      command: expect.stringContaining('./sign.sh'),
      required_labels: ['docker', 'linux'],
      retry_policy: { max_retries: 2, backoff: { Fixed: { delay_secs: 5 } } },
      attempt: 1,
      upstream_outputs: { prepare: { version: '1.2.3' } },
      enqueued_at_ms: failedAtMs + 5_000,
      delayed_until_ms: failedAtMs + 5_000,
      workflow: 'wf-1',
      name: 'Build',
      timeout_secs: 13,
      env: { CI: 'true' },
      steps: [
        { id: 'step-1', name: 'make', run: 'make', env: { KEY: 'a' } },
        { id: 'sign', name: 'Sign', run: './sign.sh', env: {} },
      ],
      inputs: {},
      priority: -3,
      metadata: { a: [1, null] },
      needs: { prepare: { result: 'success', tolerated: false, error: null, attempt: 0, duration_secs: 2 } },
      group: null,
      index: null,
      matrix_json: null,
    },
    lease: {
      lease_id: expect.any(String),
      job_id: 'build',
      workflow_id: runId,
      worker_id: 'w1',
      ttl_secs: 60,
      granted_at_ms: failedAtMs + 5_000,
      stop_grace_secs: 10,
    },
  });
});

test.each([
  ['no wait', 'none', '"None"'],
  ['a fixed wait', '{ fixed: 5 }', '{"Fixed":{"delay_secs":5}}'],
  ['a fixed wait of 0', '{ fixed: 0 }', '{"Fixed":{"delay_secs":0}}'],
] as const)('a backoff with %s is written %s', async (_name, backoff, expected) => {
  const { url, fixture } = await startServer();
  await fixture.run(`name: CI\njobs: { build: { run: make, retries: 1, backoff: ${backoff} } }\n`);
  const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', body: '{"worker_id":"w1"}' });
  expect(await response.text()).toContain(`"retry_policy":{"max_retries":1,"backoff":${expected}}`);
});

test('`__proto__` is an ordinary output key, in requests and responses', async () => {
  const { url, engine, fixture } = await startServer();
  await fixture.run('name: CI\njobs: { __proto__: { run: make }, test: { run: make, needs: __proto__ } }\n');
  const { leaseId } = await fixture.claimed();
  await fetch(`${url}/api/jobs/${leaseId}/complete`, {
    method: 'POST',
    body: '{"outputs":{"__proto__":"deep","constructor":"b"}}',
  });
  expect(engine.calls[0]?.args[2]).toEqual(
    new Map([
      ['__proto__', 'deep'],
      ['constructor', 'b'],
    ]),
  );
  const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', body: '{"worker_id":"w1"}' });
  expect(await response.text()).toContain('"upstream_outputs":{"__proto__":{"__proto__":"deep","constructor":"b"}}');
});

test('path parameters are decoded, including slashes', async () => {
  const { url, engine } = await startServer();
  await fetch(`${url}/api/jobs/a%2Fb%20c/%C3%A9/cancelled`);
  expect(engine.calls).toEqual([{ verb: 'stopReasonOfJob', args: ['a/b c', 'é'] }]);
});

test.each([
  ['application/json', 'json'],
  ['application/json; charset=utf-8', 'json'],
  [undefined, 'json'],
  ['application/yaml', 'yaml'],
  ['TEXT/YAML; charset=utf-8', 'yaml'],
  ['application/x-yaml', 'yaml'],
  ['text/x-yaml', 'yaml'],
  ['application/vnd.yaml', 'yaml'],
])('a definition of type %s is read as %s, from its original bytes', async (type, format) => {
  const { url, engine } = await startServer();
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  const jobs = format === 'json' ? '[{"id": "a", "command": "make"}]' : '{"a": {"run": "make"}}';
  const text = `\n{"name":  "é", "jobs": ${jobs}}\n`;
  const response = await fetch(`${url}/api/workflows`, {
    method: 'POST',
    headers,
    body: new TextEncoder().encode(text),
  });
  expect(response.status).toBe(201);
  const [call, ...more] = engine.calls;
  expect([call?.verb, more]).toEqual(['createWorkflow', []]);
  expect(call?.args[0]).toMatchObject({ format, text: Buffer.from(text) });
});

test('statuses of the contract: 202 for a run and its cancellation', async () => {
  const server = await startServer();
  const { url } = server;
  await startBuild(server);
  const started = await fetch(`${url}/api/workflows/ci/run`, { method: 'POST' });
  expect(started.status).toBe(202);
  expect(await started.text()).toMatch(/^\{"run_id":"[0-9a-f-]{36}","warning":null\}$/);
  const cancelled = await fetch(`${url}/api/workflows/ci/cancel`, { method: 'POST' });
  expect(cancelled.status).toBe(202);
});

test('HEAD answers like GET, without a body', async () => {
  const server = await startServer();
  const { url } = server;
  await startBuild(server);
  const response = await fetch(`${url}/api/workflows/ci/status`, { method: 'HEAD' });
  expect([response.status, await response.text()]).toEqual([200, '']);
});
