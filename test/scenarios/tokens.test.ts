import { expect, test } from 'vitest';
import type { Api } from '../support/api.js';
import { runningTime, scaled } from '../support/machine.js';
import { runProgram, startProgram } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** How soon a server must apply a change made on the command line. */
const knownWithinMs = scaled(2_000);

/** Every call sent later than that is refused, however slow this machine is to answer. */
async function refusedSoon(call: () => Promise<{ status: number }>): Promise<void> {
  const began = runningTime();
  for (;;) {
    const sentAfterMs = runningTime() - began;
    const { status } = await call();
    if (status === 401) return;
    expect(sentAfterMs, `a call was answered ${status}`).toBeLessThan(knownWithinMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether every server refuses calls with this token. */
async function isRefused(server: ServerProcess, token: string | null): Promise<boolean> {
  const answers = await Promise.all(server.apis(token).map((api) => api.get('/api/workers')));
  return answers.every(({ status }) => status === 401);
}

async function createToken(server: ServerProcess, name: string, scope: string, ...flags: string[]): Promise<string> {
  const args = ['token', 'create', ...server.storage.flags, '--name', name, '--scope', scope, ...flags];
  const { code, stdout, stderr } = await runProgram(args, server.storage);
  if (code !== 0) throw new Error(`token create ended with ${code}: ${stderr}`);
  return stdout.trim();
}

async function revokeToken(server: ServerProcess, name: string): Promise<void> {
  const { code, stderr } = await runProgram(['token', 'revoke', ...server.storage.flags, name], server.storage);
  if (code !== 0) throw new Error(`token revoke ended with ${code}: ${stderr}`);
}

test('without tokens every call is allowed; once the first token exists every call needs one', async () => {
  const server = await startServerProcess();
  const open = server.api();
  const run = await open.start({ name: 'open', jobs: { a: { run: 'x' } } });
  expect((await open.get('/api/workers')).status).toBe(200);

  const token = await createToken(server, 'laptop', 'admin');
  await Promise.all(server.apis().map((api) => refusedSoon(() => api.get('/api/workers'))));
  const refused = await open.get(`/api/workflows/${run}/status`);
  expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /);
  expect((await server.api('wfg_wrong').get('/api/workers')).status).toBe(401);
  expect((await server.api(token).get('/api/workers')).status).toBe(200);
  // Health reveals nothing, and is open.
  expect((await open.get('/healthz')).status).toBe(200);
  expect((await open.get('/readyz')).status).toBe(200);
});

test('a token is valid from the moment of its creation', async () => {
  const server = await startServerProcess();
  const first = await createToken(server, 'first', 'admin');
  expect((await server.api(first).get('/api/workers')).status).toBe(200);
  // The server has just read the tokens, without the second one.
  const calls = setInterval(() => void server.api(first).get('/api/workers'), 50);
  const second = await createToken(server, 'second', 'read').finally(() => clearInterval(calls));
  expect((await server.api(second).get('/api/workers')).status).toBe(200);
});

test('each scope allows its own calls and no other', async () => {
  const server = await startServerProcess();
  const [read, submit, worker, both, admin] = await Promise.all(
    ['read', 'submit', 'worker', 'read,submit', 'admin'].map((scope) => createToken(server, `t-${scope}`, scope)),
  );
  const workflow = await (async () => {
    await server.stop();
    await server.start();
    return server.api(admin).define({ name: 'scoped', jobs: { a: { run: 'x' } } });
  })();
  const calls: Record<string, (token: string | undefined) => Promise<number>> = {
    look: async (token) => (await server.api(token).get(`/api/workflows/${workflow}/status`)).status,
    start: async (token) => (await server.api(token).post(`/api/workflows/${workflow}/run`)).status,
    claim: async (token) =>
      (await server.api(token).post('/api/jobs/claim', { worker_id: 'w', labels: ['none'] })).status,
  };
  const seen = async (token: string | undefined) => [
    await calls.look?.(token),
    await calls.start?.(token),
    await calls.claim?.(token),
  ];
  expect(await seen(read)).toEqual([200, 403, 403]);
  expect(await seen(submit)).toEqual([403, 202, 403]);
  expect(await seen(worker)).toEqual([403, 403, 200]);
  expect(await seen(both)).toEqual([200, 202, 403]);
  expect(await seen(admin)).toEqual([200, 202, 200]);
});

test('a worker token with a label limit offers no other label, and its leases are its own', async () => {
  const server = await startServerProcess();
  const gpu = server.api(await createToken(server, 'gpu-box', 'worker', '--labels', 'gpu,cuda'));
  const other = server.api(await createToken(server, 'other', 'worker'));
  const admin = server.api(await createToken(server, 'me', 'admin'));
  await until('tokens are needed', async () => (await server.api().get('/api/workers')).status === 401);
  await admin.start({ name: 'limited', jobs: { train: { run: 'x', labels: ['gpu'] } } });

  for (const path of ['/api/jobs/claim', '/api/workers/register']) {
    const refused = await gpu.post(path, { worker_id: 'g', labels: ['gpu', 'production'] });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(JSON.stringify(refused.body)).toContain('production');
  }
  const claim = await gpu.claimed('g', { labels: ['gpu'] });
  // A caller without the token of the claim cannot report under its lease, even with the lease id.
  for (const stranger of [other, admin]) {
    expect(await stranger.complete(claim)).toMatchObject({ status: 409, body: { reason: 'unknown_lease' } });
  }
  expect((await gpu.complete(claim)).status).toBe(200);
});

test('a worker token for labelled jobs only gets no other jobs, and the list of tokens shows the limit', async () => {
  const server = await startServerProcess();
  const text = await createToken(server, 'gpu-box', 'worker', '--labels', 'gpu', '--only-labelled');
  const gpu = server.api(text);
  const admin = server.api(await createToken(server, 'me', 'admin'));
  await until('tokens are needed', async () => (await server.api().get('/api/workers')).status === 401);
  await admin.start({ name: 'mixed', jobs: { plain: { run: 'x' }, train: { run: 'x', labels: ['gpu'] } } });
  const claim = async (api: typeof gpu, body: object = {}) =>
    (await api.post('/api/jobs/claim', { worker_id: 'g', labels: ['gpu'], ...body })).body;
  expect(await until('a job is claimed', () => claim(gpu))).toMatchObject({ job: { job_id: 'train' } });
  expect(await claim(gpu, { only_labelled: false })).toBeNull();
  expect(await admin.workers()).toMatchObject([{ worker_id: 'g', only_labelled: true }]);
  expect(await until('a job is claimed', () => claim(admin))).toMatchObject({ job: { job_id: 'plain' } });
});

test('a revoked token stops working within two seconds', async () => {
  const server = await startServerProcess();
  const admin = server.api(await createToken(server, 'me', 'admin'));
  const token = await createToken(server, 'leaver', 'worker');
  await until('the token counts', async () => (await admin.get('/api/workers')).status === 200);
  const worker = await startWorkerProcess(server, { token });
  const run = await admin.start({ name: 'secret', jobs: { a: { run: 'echo done; env | grep -c wfg_ || true' } } });
  expect((await admin.ended(run)).state).toBe('success');
  expect(await admin.logText(run, 'a')).toBe('done\n0\n');

  await revokeToken(server, 'leaver');
  await Promise.all(
    server
      .apis(token)
      .map((api) => refusedSoon(() => api.post('/api/workers/register', { worker_id: 'w', labels: [] }))),
  );
  // A worker that uses it gets the refusal on its next call, reports the reason, and exits.
  worker.program.signal('SIGKILL');
  const refused = startProgram(['worker', '--server', server.url], { env: { WORKFLOW_GRAPH_TOKEN: token } });
  expect((await refused.ended).code).toBe(1);
  expect(refused.stderr).toContain('wants a valid token');
});

/** Sends each server a claim that waits for a minute; returns the responses and their delay from now on. */
async function parkClaims(server: ServerProcess, token: string | null, watcher: Api) {
  const claims = server
    .apis(token)
    .map((api, at) => api.post('/api/jobs/claim', { worker_id: `parked-${at}`, labels: [], wait_secs: 60 }));
  await until('the claims are with their servers', async () => (await watcher.workers()).length === claims.length);
  return async () => {
    const began = runningTime();
    const answers = await Promise.all(claims);
    expect(runningTime() - began, 'it took as long as a claim waits').toBeLessThan(scaled(30_000));
    return answers;
  };
}

test('a claim that waits when its token is revoked is refused, and gets no job', async () => {
  const server = await startServerProcess();
  const admin = server.api(await createToken(server, 'me', 'admin'));
  const leaver = await createToken(server, 'leaver', 'worker');
  const ended = await parkClaims(server, leaver, admin);
  await revokeToken(server, 'leaver');
  for (const answer of await ended()) {
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated', message: 'the token is not valid' } });
  }
  const run = await admin.start({ name: 'secret', jobs: { a: { run: 'deploy with a secret' } } });
  const claim = await admin.claimed('honest');
  expect(claim.job).toMatchObject({ workflow_id: run, attempt: 0 });
});

test('a claim that waits when its token expires is refused', async () => {
  const server = await startServerProcess();
  const admin = server.api(await createToken(server, 'me', 'admin'));
  const guest = await createToken(server, 'guest', 'worker', '--expires', '1h');
  const ended = await parkClaims(server, guest, admin);
  await server.query("update tokens set expires_at_ms = expires_at_ms - 3600000 where name = 'guest'");
  for (const answer of await ended()) expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
});

test('a waiting claim without a token is refused once a token exists', async () => {
  const server = await startServerProcess();
  const ended = await parkClaims(server, null, server.api());
  await createToken(server, 'me', 'admin');
  for (const answer of await ended()) expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
});

test('the first token identifies its holder at every server from the first call on', async () => {
  const server = await startServerProcess();
  const token = await createToken(server, 'first', 'worker');
  // An admin may list the workers; the holder of this token may not.
  for (const api of server.apis(token)) expect((await api.get('/api/workers')).status).toBe(403);
  expect(await isRefused(server, null)).toBe(true);
});

test('revoking all tokens does not open the server again', async () => {
  const server = await startServerProcess();
  const token = await createToken(server, 'only', 'admin');
  await until('the token is needed', () => isRefused(server, null));
  await revokeToken(server, 'only');
  await until('the token is refused', () => isRefused(server, token));
  expect((await server.api().get('/api/workers')).status).toBe(401);
});

test('an expired token is refused', async () => {
  const server = await startServerProcess();
  const token = await createToken(server, 'short', 'admin', '--expires', '1m');
  await until('the token counts', async () => (await server.api(token).get('/api/workers')).status === 200);
  // A minute is too long for a test: the expiry time is moved into the past directly in the database.
  await server.query('update tokens set expires_at_ms = expires_at_ms - 60000');
  await until('the token has expired', async () => (await server.api(token).get('/api/workers')).status === 401);
});

test('a token is stored only as a hash, and appears in no log or list', async () => {
  const server = await startServerProcess();
  const token = await createToken(server, 'hidden', 'admin');
  const api = server.api(token);
  await until('the token counts', async () => (await api.get('/api/workers')).status === 200);
  await api.start({ name: 'x', jobs: { a: { run: 'x' } } });
  const { stdout } = await runProgram(['token', 'list', ...server.storage.flags], server.storage);
  expect(stdout).toMatch(/^ID +NAME .*\n\S+ +hidden +valid +admin /);
  const secret = token.replace('wfg_', '');
  expect(stdout).not.toContain(secret);
  expect(server.output).not.toContain(secret);
  const rows = await server.query('select * from tokens');
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test('an admin reads the audit log, through the API and the command line; others cannot', async () => {
  const server = await startServerProcess();
  const admin = await createToken(server, 'laptop', 'admin');
  const reader = await createToken(server, 'screen', 'read');
  await Promise.all(server.apis().map((api) => refusedSoon(() => api.get('/api/workers'))));
  const api = server.api(admin);
  const run = await api.start({ name: 'audited', jobs: { a: { run: 'x' } } });
  await api.cancel(run);

  expect((await server.api(reader).get('/api/audit')).status).toBe(403);
  expect(await api.get(`/api/audit?subject=${run}`)).toMatchObject({
    status: 200,
    body: {
      events: [
        { action: 'run.cancel_requested', subject: run, source: 'api', actor: 'laptop' },
        { action: 'run.started', subject: run, source: 'api', actor: 'laptop' },
      ],
      next_page_token: '',
    },
  });
  const env = { SERVER_URL: server.url, WORKFLOW_GRAPH_TOKEN: admin };
  const table = await runProgram(['audit', '--action', 'token.created'], { env });
  expect(table.stdout).toMatch(
    /^WHEN +ACTION +SUBJECT +BY +FROM +DETAILS\n.*token\.created.*"screen"[^\n]*\n.*"laptop"/,
  );
  const json = await runProgram(['audit', '--limit', '1', '--json'], { env });
  expect(JSON.parse(json.stdout)).toMatchObject({
    events: [{ action: 'run.cancel_requested' }],
    next_page_token: expect.stringMatching(/./),
  });
  await server.logged(/^audit: run\.cancel_requested$/);
});
