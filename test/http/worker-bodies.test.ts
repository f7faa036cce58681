import { expect, test } from 'vitest';
import { aClaim, aSpec } from './small-engine.js';
import { startServer } from './start-server.js';

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
  ['fields that nobody knows', { headers: json, body: '{"lease_id":"other","x":{"y":1}}' }],
  ['the content type of curl', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{}' }],
  ['a content type that is none', { headers: { 'content-type': 'nonsense' }, body: '{}' }],
  ['white space only', { headers: json, body: ' \r\n' }],
])('a heartbeat with %s is taken', async (_name, init) => {
  const { url, engine } = await startServer();
  const response = await fetch(`${url}/api/jobs/l1/heartbeat`, { method: 'POST', ...init });
  expect([response.status, await response.text()]).toEqual([
    200,
    '{"ttl_secs":30,"cancelled":false,"stop_reason":null,"stop_within_secs":null}',
  ]);
  expect(engine.calls).toEqual([{ verb: 'heartbeatLease', input: 'l1' }]);
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
  expect(engine.calls.map(({ input }) => input)).toMatchObject([
    { labels: ['python'], leaseTtlSecs: 60, waitMs: 0, requestId: null, maxJobs: 1 },
    { labels: [], leaseTtlSecs: null },
  ]);
});

test('a claimed job is written as the contract has it', async () => {
  const { url, engine } = await startServer();
  const delayed = { attempt: 1, delayedUntilMs: 1_700_000_009_000 };
  const steps = [{ id: 'step-1', name: 'Sign', run: './sign.sh', env: { KEY: 'a' } }];
  engine.offer(
    aClaim({ ...delayed, spec: aSpec({ steps, timeoutSecs: 12.5, metadata: { a: [1, null] }, priority: -3 }) }),
  );
  const response = await fetch(`${url}/api/jobs/claim`, {
    method: 'POST',
    body: '{"worker_id":"w1","labels":["linux"]}',
  });
  expect(await response.json()).toEqual({
    job: {
      job_id: 'build',
      workflow_id: '0190a0a0-0000-7000-8000-000000000001',
      command: 'make "all"\n',
      required_labels: ['linux', 'docker'],
      retry_policy: { max_retries: 2, backoff: { Fixed: { delay_secs: 5 } } },
      attempt: 1,
      upstream_outputs: { prepare: { version: '1.2.3' } },
      enqueued_at_ms: 1_700_000_000_000,
      delayed_until_ms: 1_700_000_009_000,
      workflow: 'ci',
      name: 'Build',
      timeout_secs: 13,
      env: { CI: 'true' },
      steps: [{ id: 'step-1', name: 'Sign', run: './sign.sh', env: { KEY: 'a' } }],
      inputs: {},
      priority: -3,
      metadata: { a: [1, null] },
      needs: { prepare: { result: 'success', tolerated: false, error: null, attempt: 1, duration_secs: 2 } },
      group: null,
      index: null,
      matrix_json: null,
    },
    lease: {
      lease_id: 'lease-1',
      job_id: 'build',
      workflow_id: '0190a0a0-0000-7000-8000-000000000001',
      worker_id: 'w1',
      ttl_secs: 60,
      granted_at_ms: 1_700_000_000_123,
      stop_grace_secs: 10,
    },
  });
});

test.each([
  ['no wait', { kind: 'none' }, '"None"'],
  ['a fixed wait', { kind: 'fixed', delaySecs: 5 }, '{"Fixed":{"delay_secs":5}}'],
  ['a fixed wait of 0', { kind: 'fixed', delaySecs: 0 }, '{"Fixed":{"delay_secs":0}}'],
] as const)('a backoff with %s is written %s', async (_name, backoff, expected) => {
  const { url, engine } = await startServer();
  engine.offer(aClaim({ spec: aSpec({ retry: { maxRetries: 1, backoff } }) }));
  const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', body: '{"worker_id":"w1"}' });
  expect(await response.text()).toContain(`"retry_policy":{"max_retries":1,"backoff":${expected}}`);
});

test('`__proto__` is an output like any other, on its way in and out', async () => {
  const { url, engine } = await startServer();
  await fetch(`${url}/api/jobs/l1/complete`, {
    method: 'POST',
    body: '{"outputs":{"__proto__":"a","constructor":"b"}}',
  });
  expect(engine.calls[0]?.input).toEqual(
    new Map([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]),
  );
  const outputs = new Map([['__proto__', new Map([['__proto__', 'deep']])]]);
  engine.offer(aClaim({ upstreamOutputs: outputs }));
  const response = await fetch(`${url}/api/jobs/claim`, { method: 'POST', body: '{"worker_id":"w1"}' });
  expect(await response.text()).toContain('"upstream_outputs":{"__proto__":{"__proto__":"deep"}}');
});

test('path parameters are decoded, slashes in them included', async () => {
  const { url, engine } = await startServer();
  const response = await fetch(`${url}/api/jobs/a%2Fb%20c/%C3%A9/cancelled`);
  expect(await response.text()).toBe('false');
  expect(engine.calls[0]?.input).toEqual({ id: 'a/b c', jobKey: 'é' });
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
])('a definition of type %s is read as %s, from the bytes as they came', async (type, format) => {
  const { url, engine } = await startServer();
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  const text = '\n{"name":  "é"}\n';
  const response = await fetch(`${url}/api/workflows`, {
    method: 'POST',
    headers,
    body: new TextEncoder().encode(text),
  });
  expect(response.status).toBe(201);
  expect(engine.calls).toEqual([{ verb: 'createWorkflow', input: { format, text } }]);
});

test('statuses of the contract: 202 for a run and its cancellation', async () => {
  const { url } = await startServer();
  const started = await fetch(`${url}/api/workflows/ci/run`, { method: 'POST' });
  expect([started.status, await started.text()]).toEqual([202, '{"run_id":"run-1","warning":null}']);
  const cancelled = await fetch(`${url}/api/workflows/ci/cancel`, { method: 'POST' });
  expect(cancelled.status).toBe(202);
});

test('HEAD answers as GET does, without a body', async () => {
  const { url } = await startServer();
  const response = await fetch(`${url}/api/workflows/ci/status`, { method: 'HEAD' });
  expect([response.status, await response.text()]).toEqual([200, '']);
});
