import { request as httpRequest } from 'node:http';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { claimBuild, startServer } from './start-server.js';

/** Sends exactly this target, which fetch would normalize. */
async function send(port: number, method: string, path: string, body: string, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string; type: string }>();
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const type = response.headers['content-type'] ?? '';
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text, type }));
  });
  request.on('error', reject).end(body);
  return promise;
}

const claim = 'POST /api/jobs/claim';
const logs = 'POST /api/jobs/l1/logs';
const complete = 'POST /api/jobs/l1/complete';
const chunk = (more: string) => `{"chunks":[{"data":"a"},{${more}}]}`;

describe('the documented paths refuse malformed requests, with the place', () => {
  test.each<[request: string, body: string, status: number, message: string]>([
    // Invalid JSON.
    [
      claim,
      '{',
      400,
      'the body is not valid JSON: expected a key in double quotes or "}", found the end of the text, at line 1, column 2',
    ],
    [
      claim,
      '{"worker_id"',
      400,
      'the body is not valid JSON: expected ":" after the key, found the end of the text, at line 1, column 13',
    ],
    [claim, '{"worker_id":}', 400, 'the body is not valid JSON: expected a value, found "}", at line 1, column 14'],
    [
      claim,
      '{"worker_id":"w1",}',
      400,
      'the body is not valid JSON: expected a key after ",", found "}", at line 1, column 19',
    ],
    [
      claim,
      "{'worker_id':1}",
      400,
      'the body is not valid JSON: expected a key in double quotes or "}", found "\'", at line 1, column 2',
    ],
    [
      claim,
      '{\n  "worker_id": w1\n}',
      400,
      'the body is not valid JSON: expected a value, found "w", at line 2, column 16',
    ],
    [claim, '{"a":1}{', 400, 'the body is not valid JSON: expected nothing more, found "{", at line 1, column 8'],
    [claim, '{"a":01}', 400, 'the body is not valid JSON: expected a value, found "0", at line 1, column 6'],
    [claim, '{"a":tru}', 400, 'the body is not valid JSON: expected a value, found "t", at line 1, column 6'],
    [
      claim,
      '{"a":"b\nc"}',
      400,
      'the body is not valid JSON: the text that begins here is not closed, or has a bad escape or a control character, at line 1, column 6',
    ],
    [
      claim,
      '{"a":"\\x"}',
      400,
      'the body is not valid JSON: the text that begins here is not closed, or has a bad escape or a control character, at line 1, column 6',
    ],
    [claim, '{"a":NaN}', 400, 'the body is not valid JSON: expected a value, found "N", at line 1, column 6'],
    [
      claim,
      'worker_id=w1&labels=a',
      400,
      'the body is not valid JSON: expected a value, found "w", at line 1, column 1',
    ],
    [claim, '\u00ff', 400, 'the body is not valid JSON: expected a value, found "ÿ", at line 1, column 1'],
    [
      claim,
      '['.repeat(100_000),
      400,
      'the body is not valid JSON: expected a value, found the end of the text, at line 1, column 100001',
    ],
    [
      'POST /api/jobs/l1/heartbeat',
      'garbage',
      400,
      'the body is not valid JSON: expected a value, found "g", at line 1, column 1',
    ],
    // JSON of the wrong kind.
    [claim, '[]', 400, 'the body must be a JSON object, got array'],
    [claim, '"w1"', 400, 'the body must be a JSON object, got string'],
    [claim, '7', 400, 'the body must be a JSON object, got number'],
    [claim, 'true', 400, 'the body must be a JSON object, got boolean'],
    // Fields of the wrong type.
    [claim, '', 400, 'worker_id: must be at least 1 characters'],
    [claim, 'null', 400, 'worker_id: must be at least 1 characters'],
    [claim, '{"worker_id":null}', 400, 'worker_id: must be at least 1 characters'],
    [claim, '{"worker_id":7}', 400, 'worker_id: expected a string, got number'],
    [claim, '{"worker_id":{}}', 400, 'worker_id: expected a string, got object'],
    [claim, '{"worker_id":"w","labels":"a"}', 400, 'labels: expected an array, got string'],
    [claim, '{"worker_id":"w","labels":{"0":"a"}}', 400, 'labels: expected an array, got object'],
    [claim, '{"worker_id":"w","labels":["a",null]}', 400, 'labels[1]: expected a string, got null'],
    [claim, '{"worker_id":"w","labels":["a","b",3]}', 400, 'labels[2]: expected a string, got number'],
    [claim, '{"worker_id":"w","lease_ttl_secs":"soon"}', 400, 'lease_ttl_secs: expected a whole number, got "soon"'],
    [claim, '{"worker_id":"w","lease_ttl_secs":1.5}', 400, 'lease_ttl_secs: expected a whole number, got 1.5'],
    [claim, '{"worker_id":"w","lease_ttl_secs":true}', 400, 'lease_ttl_secs: expected a whole number, got boolean'],
    [
      claim,
      '{"worker_id":"w","lease_ttl_secs":1e300}',
      400,
      'lease_ttl_secs: 1e+300 is out of range, it must be from -9007199254740991 to 9007199254740991',
    ],
    [claim, '{"worker_id":"w","wait_secs":"long"}', 400, 'wait_secs: expected a number, got "long"'],
    [claim, '{"worker_id":"w","wait_secs":1e999}', 400, 'wait_secs: must be finite'],
    [
      'POST /api/jobs/claim-many',
      '{"worker_id":"w"}',
      400,
      'max_jobs: must be greater than or equal to 1 and less than or equal to 1000',
    ],
    [
      'POST /api/jobs/claim-many',
      '{"worker_id":"w","max_jobs":-1}',
      400,
      'max_jobs: -1 is out of range, it must be from 0 to 4294967295',
    ],
    [logs, '{"chunks":{}}', 400, 'chunks: expected an array, got object'],
    [logs, '{"chunks":["x"]}', 400, 'chunks[0]: expected an object, got string'],
    [logs, chunk('"data":7'), 400, 'chunks[1].data: expected a string, got number'],
    [
      logs,
      chunk('"sequence":-1'),
      400,
      'chunks[1].sequence: -1 is out of range, it must be from 0 to 9007199254740991',
    ],
    [
      logs,
      chunk('"sequence":9007199254740992'),
      400,
      'chunks[1].sequence: 9007199254740992 is out of range, it must be from 0 to 9007199254740991',
    ],
    [logs, chunk('"stream":"stdin"'), 400, 'chunks[1].stream: expected one of "stdout", "stderr", got "stdin"'],
    [logs, chunk('"stream":9'), 400, 'chunks[1].stream: expected one of "stdout", "stderr", got 9'],
    [complete, '{"outputs":[]}', 400, 'outputs: expected an object, got array'],
    [complete, '{"outputs":{"a":1}}', 400, 'outputs.a: expected a string, got number'],
    [complete, '{"outputs":{"__proto__":1}}', 400, 'outputs.__proto__: expected a string, got number'],
    ['POST /api/jobs/l1/fail', '{"error":{}}', 400, 'error: expected a string, got object'],
    ['POST /api/jobs/l1/fail', '{"retryable":"yes"}', 400, 'retryable: expected true or false, got "yes"'],
    ['POST /api/jobs/complete-many', '{}', 400, 'reports: must contain at least 1 item(s)'],
    [
      'POST /api/jobs/complete-many',
      '{"reports":[{}]}',
      400,
      'reports[0].result: exactly one field is required in oneof',
    ],
    [
      'POST /api/jobs/complete-many',
      '{"reports":[{"success":{},"failure":{}}]}',
      400,
      'reports[0].failure: cannot be given together with "success"',
    ],
    ['POST /api/workflows/ci/run', '{"inputs":["b"]}', 400, 'inputs: expected an object, got array'],
    ['POST /api/workflows/ci/run', '{"request_id":"short"}', 400, 'request_id: must be at least 16 characters'],
    ['POST /api/workflows', '', 400, 'definition: a workflow definition is needed, in YAML or JSON'],
    ['POST /api/workers/register', '{"worker_id":""}', 400, 'worker_id: must be at least 1 characters'],
    [
      'POST /api/workers/register',
      '{"worker_id":"w","slots":4294967296}',
      400,
      'slots: 4294967296 is out of range, it must be from 0 to 4294967295',
    ],
    // Queries.
    ['GET /api/workflows?limit=abc', '', 400, 'limit: expected a whole number, got "abc"'],
    ['GET /api/workflows?limit=0', '', 400, 'limit: must be greater than or equal to 1'],
    ['GET /api/workflows?offset=-1', '', 400, 'offset: "-1" is out of range, it must be from 0 to 4294967295'],
    ['GET /api/workflows?limit=1&limit=2', '', 400, 'limit: given 2 times, expected once'],
    [
      'GET /api/workflows?status=done',
      '',
      400,
      'status: expected one of "queued", "running", "success", "failure", "skipped", "cancelled", got "done"',
    ],
    ['GET /api/workflows/ci/jobs/build/logs?attempt=1.5', '', 400, 'attempt: expected a whole number, got "1.5"'],
    // Paths.
    [
      'GET /api/jobs/%zz/b/cancelled',
      '',
      400,
      'the path has a percent sign that is not followed by two hexadecimal digits of UTF-8',
    ],
    [
      'GET /api/jobs/%ff/b/cancelled',
      '',
      400,
      'the path has a percent sign that is not followed by two hexadecimal digits of UTF-8',
    ],
    ['GET /api/jobs/a/missing/cancelled', '', 404, 'run or workflow "a" does not exist'],
    ['GET /api/workflows/missing/status', '', 404, 'run or workflow "missing" does not exist'],
    ['POST /api/workers/nobody/heartbeat', '', 404, 'worker "nobody" does not exist'],
    ['GET //', '', 404, 'there is no route GET //'],
    ['GET /api', '', 404, 'there is no route GET /api'],
    ['GET /api//workflows', '', 404, 'there is no route GET /api//workflows'],
    ['GET /api/workflows/', '', 404, 'there is no route GET /api/workflows/'],
    ['GET /__proto__', '', 404, 'there is no route GET /__proto__'],
    ['GET /api/jobs/claim', '', 405, '/api/jobs/claim takes POST, not GET'],
    ['PUT /api/workflows', '', 405, '/api/workflows takes GET or HEAD or POST, not PUT'],
    ['DELETE /api/workflows/ci/status', '', 405, '/api/workflows/ci/status takes GET or HEAD, not DELETE'],
    ['OPTIONS /api/jobs/claim', '', 405, '/api/jobs/claim takes POST, not OPTIONS'],
    // Leases.
    ['POST /api/jobs/unknown/logs', '', 409, 'No such lease: this is not a lease id of this server.'],
  ])('%s %s', async (target, body, status, message) => {
    const { port, logged } = await startServer();
    const [method = '', path = ''] = target.split(' ');
    const answer = await send(port, method, path, body, { 'content-type': 'application/json' });
    expect([answer.status, JSON.parse(answer.text).message]).toEqual([status, message]);
    expect(answer.type).toBe('application/json; charset=utf-8');
    expect(logged.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  test('a definition with an unsupported content type is 415, and the response names the supported ones', async () => {
    const { port } = await startServer();
    const answer = await send(port, 'POST', '/api/workflows', '<a/>', { 'content-type': 'application/xml' });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      415,
      {
        code: 'unsupported_media_type',
        message: 'a definition cannot be of type "application/xml"; send application/json or application/yaml',
      },
    ]);
  });

  test.each(['gzip', 'br', 'gzip, identity'])(
    'a body encoded with %s is 415, and is not read as JSON',
    async (encoding) => {
      const { port } = await startServer();
      for (const path of ['/api/jobs/claim', '/api/workflows']) {
        const answer = await send(port, 'POST', path, '{"worker_id":"w"}', { 'content-encoding': encoding });
        expect([answer.status, JSON.parse(answer.text).message]).toEqual([
          415,
          `the body is encoded with "${encoding}"; send it as it is`,
        ]);
      }
      const plain = await send(port, 'POST', '/api/jobs/claim', '{"worker_id":"w"}', {
        'content-encoding': 'Identity',
      });
      expect(plain.status).toBe(200);
    },
  );

  test('each error is a detail with its field', async () => {
    const { port } = await startServer();
    const body = '{"worker_id":"","labels":[""],"wait_secs":-1}';
    const { text } = await send(port, 'POST', '/api/jobs/claim', body, {});
    const { details } = JSON.parse(text) as { details: { field: string }[] };
    expect(details.map(({ field }) => field)).toEqual(['worker_id', 'labels[0]', 'wait_secs']);
  });

  test('405 lists the allowed methods', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/api/jobs/claim`, { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('POST');
  });
});

test('a report under an ended lease gets the way in which it ended', async () => {
  const server = await startServer();
  const { fixture } = server;
  const fail = async (leaseId: string) => {
    const response = await fetch(`${server.url}/api/jobs/${leaseId}/fail`, { method: 'POST' });
    const { message, reason } = (await response.json()) as { message: string; reason: string };
    return [response.status, reason, message];
  };
  const { leaseId: reported } = await claimBuild(server);
  await fixture.engine.completeJob(fixture.caller, reported, new Map());
  expect(await fail(reported)).toEqual([409, 'completed', 'The attempt has ended: it was reported as success.']);
  await fixture.startRun('ci');
  const { leaseId: expired } = await fixture.claimed();
  await fixture.environment.advance(31_000);
  expect(await fail(expired)).toEqual([409, 'lease_expired', 'The lease has ended: it was not renewed in time.']);
});

describe('Connect refuses malformed requests', () => {
  const path = '/workflowgraph.v1.JobService/ClaimJob';
  test.each<[method: string, path: string, type: string, body: string, status: number, code: string | null]>([
    ['POST', path, 'application/json', '{', 400, 'invalid_argument'],
    ['POST', path, 'application/json', '[]', 400, 'invalid_argument'],
    ['POST', path, 'application/json', '{"workerId":7}', 400, 'invalid_argument'],
    ['POST', path, 'application/json', '{"workerId":""}', 400, 'invalid_argument'],
    ['POST', path, 'application/json', '', 400, 'invalid_argument'],
    ['POST', path, 'application/proto', '\u00ff\u00ff', 400, 'invalid_argument'],
    ['POST', path, 'application/xml', '<a/>', 415, null],
    ['GET', path, 'application/json', '', 405, null],
    ['POST', '/workflowgraph.v1.JobService/Nothing', 'application/json', '{}', 404, 'not_found'],
    [
      'POST',
      '/workflowgraph.v1.JobService/HeartbeatLease',
      'application/json',
      '{"leaseId":"unknown"}',
      409,
      'aborted',
    ],
  ])('%s %s %s %s: %i %s', async (method, target, type, body, status, code) => {
    const { port } = await startServer();
    const answer = await send(port, method, target, body, { 'content-type': type });
    expect(answer.status, answer.text).toBe(status);
    if (code !== null) expect(JSON.parse(answer.text).code).toBe(code);
  });

  test('a deadline that is not a number, or exceeds the timer range, is refused', async () => {
    const { port } = await startServer();
    for (const timeout of ['soon', '9999999999']) {
      const headers = { 'content-type': 'application/json', 'connect-timeout-ms': timeout };
      const answer = await send(port, 'POST', path, '{"workerId":"w"}', headers);
      expect([timeout, answer.status, JSON.parse(answer.text).code]).toEqual([timeout, 400, 'invalid_argument']);
    }
  });
});

describe('gRPC refuses malformed requests, sent by another client library', () => {
  test.each<[method: string, bytes: number[], code: number, details: string | RegExp]>([
    ['/workflowgraph.v1.JobService/ClaimJob', [], 3, 'worker_id: must be at least 1 characters'],
    ['/workflowgraph.v1.JobService/ClaimJob', [0xff, 0xff], 3, /^parse binary/],
    ['/workflowgraph.v1.JobService/ClaimJob', [0x0a, 0x05, 0x61], 3, /^parse binary/],
    ['/workflowgraph.v1.JobService/ClaimJob', [0x0a, 0x02, 0xff, 0xfe], 3, /^parse binary/],
    [
      '/workflowgraph.v1.JobService/HeartbeatLease',
      [0x0a, 0x07, ...Buffer.from('unknown')],
      10,
      'No such lease: this is not a lease id of this server.',
    ],
    [
      '/workflowgraph.v1.WorkflowService/GetWorkflowStatus',
      [0x0a, 0x07, ...Buffer.from('missing')],
      5,
      'run or workflow "missing" does not exist',
    ],
    // ListWorkflows with status 77.
    [
      '/workflowgraph.v1.WorkflowService/ListWorkflows',
      [0x18, 77],
      3,
      'status: 77 is not a value that this server knows',
    ],
    ['/workflowgraph.v1.JobService/Nothing', [], 12, /./],
  ])('%s %j: %i %s', async (method, bytes, code, details) => {
    const { port } = await startServer();
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
    const raw = (value: Buffer) => value;
    client.makeUnaryRequest(method, raw, raw, Buffer.from(bytes), (error) => resolve(error));
    const error = await promise;
    expect(error?.code, error?.details).toBe(code);
    if (typeof details === 'string') expect(error?.details).toBe(details);
    else expect(error?.details).toMatch(details);
  });
});

test("gRPC-Web also reports a request that is not protobuf as the caller's error", async () => {
  const { url } = await startServer();
  const response = await fetch(`${url}/workflowgraph.v1.JobService/ClaimJob`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto' },
    body: new Uint8Array([0, 0, 0, 0, 2, 0xff, 0xff]),
  });
  const frame = Buffer.from(await response.arrayBuffer());
  expect(frame.readUInt8(0)).toBe(0x80);
  expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
  expect(frame.toString('utf8', 5)).toMatch(/^grpc-status: 3\r\n/m);
});
