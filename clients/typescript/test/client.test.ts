import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { Client, isUntrustedCertificate } from '../src/index.js';

interface Seen {
  readonly line: string;
  readonly contentType: string | undefined;
  readonly lastEventId: string | undefined;
  readonly text: string;
}

type Handler = (seen: Seen, response: http.ServerResponse) => void;

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

test.each<[string, (client: Client) => Promise<unknown>, string]>([
  ['workflows', (client) => client.workflows(), 'GET /api/workflows'],
  [
    'workflows of a page',
    (client) => client.workflows({ limit: 5, status: 'running' }),
    'GET /api/workflows?limit=5&status=running',
  ],
  ['status', (client) => client.status('a/b'), 'GET /api/workflows/a%2Fb/status'],
  ['runs', (client) => client.runs({ workflow: 'ci', pageToken: 't&' }), 'GET /api/runs?workflow=ci&page_token=t%26'],
  ['cancel', (client) => client.cancel('ci'), 'POST /api/workflows/ci/cancel'],
  ['logs', (client) => client.logs('ci', 'build', { attempt: 0 }), 'GET /api/workflows/ci/jobs/build/logs?attempt=0'],
  ['workers', (client) => client.workers(), 'GET /api/workers'],
])('%s are asked for at the documented path', async (_name, ask, line) => {
  const { client, seen } = await serve((_seen, response) => response.end('{"answer":1}'));
  expect(await ask(client)).toEqual(line.endsWith('cancel') ? undefined : { answer: 1 });
  expect(seen[0]?.line).toBe(line);
});

test('a definition is sent as YAML when it is a text and as JSON when it is an object', async () => {
  const { client, seen } = await serve((_seen, response) => response.writeHead(201).end('{"id":"ci"}'));
  expect(await client.createWorkflow('name: ci')).toEqual({ id: 'ci' });
  await client.createWorkflow({ name: 'ci', jobs: [] });
  expect(seen).toMatchObject([
    { contentType: 'application/yaml', text: 'name: ci' },
    { contentType: 'application/json', text: '{"name":"ci","jobs":[]}' },
  ]);
});

test('a run is started with its inputs and a request id of its own', async () => {
  const { client, seen } = await serve((_seen, response) => response.writeHead(202).end('{"run_id":"r1"}'));
  expect(await client.runWorkflow('ci', { inputs: { env: 'prod' } })).toBe('r1');
  expect(JSON.parse(seen[0]?.text ?? '')).toEqual({
    inputs: { env: 'prod' },
    request_id: expect.stringMatching(/.{16}/),
  });
});

test('a refusal is thrown with its status, code, reason and problems', async () => {
  const body = {
    code: 'invalid_definition',
    message: 'job "build" needs "tests", which does not exist',
    details: [{ message: 'no such job', field: 'jobs.build.needs', job: 'build', line: 14, column: null }],
  };
  const { client } = await serve((_seen, response) => response.writeHead(422).end(JSON.stringify(body)));
  await expect(client.createWorkflow('x')).rejects.toMatchObject({
    name: 'WorkflowGraphError',
    status: 422,
    code: 'invalid_definition',
    reason: null,
    message: body.message,
    problems: [{ message: 'no such job', field: 'jobs.build.needs', job: 'build', line: 14, column: 0 }],
  });
});

test.each([
  ['<html>Bad gateway</html>', 502, 'GET /api/workers was answered with HTTP status 502'],
  ['', 500, 'GET /api/workers was answered with HTTP status 500'],
  ['<html>Welcome</html>', 200, 'GET /api/workers was answered with something that is not JSON'],
])('an answer that is not of this API is an error: %j', async (text, status, message) => {
  const { client } = await serve((_seen, response) => response.writeHead(status).end(text));
  await expect(client.workers()).rejects.toThrow(message);
});

test('a server that is not there is an error that says so', async () => {
  const { client, server } = await serve(() => {});
  await new Promise((resolve) => server.close(resolve));
  await expect(client.workers()).rejects.toMatchObject({ name: 'ServerUnreachableError', code: 'ECONNREFUSED' });
});

test('a server that does not answer in time is an error that says so', async () => {
  const { server } = await serve(() => {});
  const client = new Client({ serverUrl: urlOf(server), timeoutMs: 100 });
  cleanups.push(() => client.close());
  await expect(client.workers()).rejects.toMatchObject({ name: 'ServerUnreachableError', code: 'ETIMEDOUT' });
});

test('a kept connection that the server has closed costs a call nothing', async () => {
  const { client, server, seen } = await serve((_seen, response) => response.end('[]'));
  let first = true;
  server.on('connection', (socket) => {
    if (!first) return;
    first = false;
    // As soon as the second request arrives on the kept connection, it is cut.
    let requests = 0;
    socket.on('data', () => {
      requests += 1;
      if (requests === 2) socket.destroy();
    });
  });
  await client.workers();
  expect(await client.workers()).toEqual([]);
  expect(seen.length).toBeGreaterThanOrEqual(2);
});

test('a server with TLS is reached when its certificate is trusted, and else the error names the reason', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'client-test-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await promisify(execFile)('openssl', [...kind, ...subject, '-keyout', keyFile, '-out', certFile]);
  const options = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const server = https.createServer(options, (_request, response) => response.end('[]'));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  cleanups.push(() => server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const script = `
    const { Client } = await import('@workflow-graph/client');
    const client = new Client({ serverUrl: '${url}' });
    console.log(await client.workers().then(JSON.stringify, (error) => error.message));
    client.close();`;
  const ask = async (env: Record<string, string>) => {
    const cwd = new URL('..', import.meta.url);
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd, env });
    return (await run).stdout.trim();
  };
  expect(await ask({ NODE_EXTRA_CA_CERTS: certFile })).toBe('[]');
  expect(await ask({})).toBe(`no answer from ${url} (DEPTH_ZERO_SELF_SIGNED_CERT)`);
  expect(isUntrustedCertificate('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe(true);
  expect(isUntrustedCertificate('ECONNREFUSED')).toBe(false);
});

test('wait gives the run’s last state', async () => {
  const states = ['queued', 'running', 'running', 'failure'];
  const { client } = await serve((_seen, response) => response.end(JSON.stringify({ state: states.shift() })));
  expect(await client.wait('ci', { intervalMs: 1 })).toEqual({ state: 'failure' });
});

test('following a log goes on after a break where it was', async () => {
  const chunk = (n: number) => `event: log\nid: 0.${n}\ndata: {"sequence":${n}}\n\n`;
  const { client, seen } = await serve(({ lastEventId }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (lastEventId === undefined) {
      response.write(chunk(0) + chunk(1));
      setTimeout(() => response.destroy(), 50);
    } else {
      response.end(`${chunk(2)}event: end\ndata: {}\n\n`);
    }
  });
  const sequences = [];
  for await (const { sequence } of client.followLogs('ci', 'build')) sequences.push(sequence);
  expect(sequences).toEqual([0, 1, 2]);
  expect(seen.map(({ line, lastEventId }) => [line, lastEventId])).toEqual([
    ['GET /api/workflows/ci/jobs/build/logs/stream', undefined],
    ['GET /api/workflows/ci/jobs/build/logs/stream', '0.1'],
  ]);
});

test('following a log goes on when a server stops, which ends the stream but not the log', async () => {
  let streams = 0;
  const { client, seen } = await serve((_seen, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    streams++;
    if (streams === 1) response.end('retry: 2000\n\n');
    else if (streams === 2) response.end('event: log\nid: 0.0.stdout\ndata: {"sequence":0}\n\n');
    else response.end('event: end\ndata: {}\n\n');
  });
  const sequences = [];
  for await (const { sequence } of client.followLogs('ci', 'build')) sequences.push(sequence);
  expect(sequences).toEqual([0]);
  expect(seen.map(({ lastEventId }) => lastEventId)).toEqual([undefined, undefined, '0.0.stdout']);
});

test('a log that cannot be followed is an error', async () => {
  const { client } = await serve((_seen, response) =>
    response.writeHead(404).end('{"code":"not_found","message":"no job"}'),
  );
  await expect(client.followLogs('ci', 'x').next()).rejects.toMatchObject({ status: 404, message: 'no job' });
});

async function serve(handler: Handler): Promise<{ client: Client; server: http.Server; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const one = {
      line: `${request.method} ${request.url}`,
      contentType: request.headers['content-type'],
      lastEventId: request.headers['last-event-id'] as string | undefined,
      text: Buffer.concat(pieces).toString(),
    };
    seen.push(one);
    handler(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client({ serverUrl: urlOf(server) });
  cleanups.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, server, seen };
}

function urlOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
