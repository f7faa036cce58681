import { expect, test } from 'vitest';
import type { Api } from '../support/api.js';
import { startProcess } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { passOverWithout, runs } from '../support/tools.js';

const json = { 'content-type': 'application/json' };

/** A request as workers in the field send it: headers and body, built from its content. */
const senders: readonly (readonly [
  what: string,
  send: (body: string) => [Record<string, string>, string | Uint8Array],
])[] = [
  ['JSON', (body) => [json, body]],
  ['JSON with a character set', (body) => [{ 'content-type': 'application/json; charset=utf-8' }, body]],
  ['JSON in capitals', (body) => [{ 'Content-Type': 'Application/JSON' }, body]],
  ['JSON with a line feed, as Go writes it', (body) => [json, `${body}\n`]],
  ['no content type', (body) => [{}, new TextEncoder().encode(body)]],
  ['the form type of `curl -d`', (body) => [{ 'content-type': 'application/x-www-form-urlencoded' }, body]],
  ['plain text, as fetch sends a string', (body) => [{ 'content-type': 'text/plain;charset=UTF-8' }, body]],
];

async function claimOver(api: Api, send: (typeof senders)[number][1]) {
  const post = async (path: string, body: object) => {
    const [headers, bytes] = send(JSON.stringify(body));
    const response = await fetch(`${api.url}${path}`, { method: 'POST', headers, body: bytes });
    return { status: response.status, body: (await response.json()) as { lease: { lease_id: string } } };
  };
  const claim = await post('/api/jobs/claim', { worker_id: 'w', labels: [], lease_ttl_secs: 60, from_the_future: [1] });
  expect(claim.status, JSON.stringify(claim.body)).toBe(200);
  return { post, lease: `/api/jobs/${claim.body.lease.lease_id}` };
}

test.each(senders)('a worker that sends %s completes a whole job', async (_what, send) => {
  const server = await startServerProcess();
  const api = server.api();
  const run = await api.start({ name: 'life', jobs: { a: { run: 'x', retries: 1 } } });
  const first = await claimOver(api, send);
  expect((await first.post('/api/workers/register', { worker_id: 'w', labels: ['é'], x: null })).status).toBe(200);
  expect((await first.post(`${first.lease}/heartbeat`, { progress: 0.5 })).status).toBe(200);
  expect((await first.post(`${first.lease}/fail`, { error: 'é "x"', retryable: true, exit_code: 1 })).status).toBe(200);
  const second = await claimOver(api, send);
  const chunks = [
    {
      workflow_id: run,
      job_id: 'a',
      sequence: 0,
      data: '::set-output k=é\n',
      timestamp_ms: 1,
      stream: 'stdout',
      level: 3,
    },
  ];
  expect((await second.post(`${second.lease}/logs`, { chunks })).status).toBe(200);
  expect((await second.post(`${second.lease}/complete`, { outputs: {}, extra: {} })).status).toBe(200);
  expect((await api.ended(run)).jobs[0]).toMatchObject({ status: 'success', attempt: 1, outputs: { k: 'é' } });
});

const empty: readonly (readonly [what: string, headers: Record<string, string>, body: string | null])[] = [
  ['no body and no content type', {}, null],
  ['an empty body declared as JSON', json, ''],
  ['an empty body with a character set', { 'content-type': 'application/json; charset=utf-8' }, ''],
  ['a line feed', json, '\n'],
  ['spaces', json, '  '],
  ['`null`', json, 'null'],
  ['`{}`', json, '{}'],
  ['an empty form, as `curl -d ""` sends it', { 'content-type': 'application/x-www-form-urlencoded' }, ''],
];

test.each(empty)('%s is accepted wherever no body is needed', async (_what, headers, body) => {
  const server = await startServerProcess();
  const api = server.api();
  const workflow = await api.define({ name: 'empty', jobs: { a: { run: 'x' }, b: { run: 'x', needs: 'a' } } });
  const post = async (path: string) =>
    (await fetch(`${server.url}${path}`, { method: 'POST', headers, ...(body === null ? {} : { body }) })).status;

  expect(await post(`/api/workflows/${workflow}/run`)).toBe(202);
  expect((await api.post('/api/workers/register', { worker_id: 'w', labels: [] })).status).toBe(200);
  expect(await post('/api/workers/w/heartbeat')).toBe(200);
  const { lease } = await api.claimed('w');
  expect(await post(`/api/jobs/${lease.lease_id}/heartbeat`)).toBe(200);
  expect(await post(`/api/jobs/${lease.lease_id}/complete`)).toBe(200);
  await api.claimed('w');
  expect(await post(`/api/workflows/${workflow}/cancel`)).toBe(202);
  expect((await api.status(workflow)).state).toBe('cancelled');
});

test('curl, as in the documentation', async (context) => {
  passOverWithout(context, 'curl', runs('curl', '--version'));
  const server = await startServerProcess();
  const api = server.api();
  const workflow = await api.define('jobs: { a: { run: x } }');
  const curl = async (...args: string[]): Promise<string> => {
    const ran = startProcess('curl', ['-sS', '--fail-with-body', ...args.slice(0, -1), `${server.url}${args.at(-1)}`]);
    const { code } = await ran.ended;
    expect(code, ran.stderr + ran.stdout).toBe(0);
    return ran.stdout;
  };
  expect(JSON.parse(await curl('-X', 'POST', `/api/workflows/${workflow}/run`))).toHaveProperty('run_id');
  const claim = JSON.parse(await curl('-d', '{"worker_id":"w","labels":[]}', '/api/jobs/claim'));
  const lease = `/api/jobs/${claim.lease.lease_id}`;
  await curl('-X', 'POST', '-H', 'Content-Type: application/json', `${lease}/heartbeat`);
  await curl('-X', 'POST', '-d', '', `${lease}/heartbeat`);
  await curl('--http2-prior-knowledge', '-X', 'POST', `${lease}/heartbeat`);
  expect(await curl(`/api/jobs/${workflow}/a/cancelled`)).toBe('false');
  await curl('--json', '{"outputs":{"k":"v"}}', `${lease}/complete`);
  expect(JSON.parse(await curl(`/api/workflows/${workflow}/status`))).toMatchObject({ state: 'success' });
  expect(await curl('-d', '{"worker_id":"w"}', '/api/jobs/claim')).toBe('null');
});
