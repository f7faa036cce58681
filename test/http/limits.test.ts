import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { ClaimJobRequestSchema, JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { claimBuild, startBuild, startServer } from './start-server.js';

const mib = 1024 * 1024;

async function post(
  url: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${url}${path}`, { method: 'POST', body, headers });
  const json = (await response.json()) as { code?: string; message?: string } | null;
  return { status: response.status, code: json?.code, message: json?.message };
}

/** A JSON object of exactly this many bytes. */
function bodyOf(bytes: number, more = ''): string {
  const head = `{"worker_id":"w1"${more},"x":"`;
  return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
}

describe('the size of a body', () => {
  test.each([
    ['/api/jobs/claim', mib],
    ['/api/jobs/:lease_id/complete', mib],
    ['/api/jobs/:lease_id/logs', 4 * mib],
    ['/api/workflows', 16 * mib, ',"name":"ci","jobs":[{"id":"a","command":"make"}]'],
  ])('%s accepts %i bytes and not one more', async (documented, limit, more = '') => {
    const server = await startServer();
    const { url } = server;
    const path = documented.replace(':lease_id', (await claimBuild(server)).leaseId);
    expect((await post(url, path, bodyOf(limit, more))).status).toBeLessThan(300);
    expect(await post(url, path, bodyOf(limit + 1, more))).toEqual({
      status: 413,
      code: 'too_large',
      message: `the body of POST ${documented} may have at most ${limit} bytes`,
    });
  });

  test('20 MB are refused and the server continues', async () => {
    const { url } = await startServer();
    const refused = await post(url, '/api/jobs/claim', 'x'.repeat(20 * mib)).catch((error: unknown) => error);
    if (!(refused instanceof TypeError)) expect(refused).toMatchObject({ status: 413 });
    expect((await post(url, '/api/jobs/claim', '{"worker_id":"w1"}')).status).toBe(200);
  });

  test('the same limit applies to a body of unknown length', async () => {
    const { url } = await startServer();
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(0x20)),
    });
    const init: RequestInit = { method: 'POST', body: stream, duplex: 'half' };
    const answer = await fetch(`${url}/api/jobs/claim`, init).then(
      ({ status }) => status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(answer);
  });

  test('Connect, gRPC and gRPC-Web apply the same limit to messages, compressed or not', async () => {
    const { url, fixture } = await startServer();
    await fixture.run('name: CI\njobs: { a: { run: x }, b: { run: x }, c: { run: x } }\n');
    for (const transport of [
      createConnectTransport({ baseUrl: url, httpVersion: '1.1' }),
      createGrpcTransport({ baseUrl: url }),
      createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' }),
    ]) {
      const client = createClient(JobService, transport);
      const { leaseId } = await fixture.claimed();
      /** Sixteen outputs of this many bytes in total. */
      const outputs = (bytes: number) => ({
        leaseId,
        outputs: Object.fromEntries(
          Array.from({ length: 16 }, (_, i) => [`a${String(i).padStart(2, '0')}`, 'x'.repeat(bytes / 16 - 3)]),
        ),
      });
      await client.completeJob(outputs(mib - 1024));
      const error = await client.completeJob(outputs(mib + 1024)).then(() => null, ConnectError.from);
      expect(error?.code).toBe(Code.ResourceExhausted);
    }
    const bomb = gzipSync(
      toBinary(ClaimJobRequestSchema, create(ClaimJobRequestSchema, { workerId: 'x'.repeat(50 * mib) })),
    );
    const headers = { 'content-type': 'application/proto', 'content-encoding': 'gzip' };
    const path = '/workflowgraph.v1.JobService/ClaimJob';
    expect(await post(url, path, new Uint8Array(bomb), headers)).toMatchObject({ code: 'resource_exhausted' });
  });
});

describe('the length of fields', () => {
  const labels = (count: number) => Array.from({ length: count }, (_, i) => `l${i}`);
  test.each([
    [
      'worker_id',
      { worker_id: 'é'.repeat(200) },
      { worker_id: 'é'.repeat(201) },
      'worker_id: must be at most 200 characters',
    ],
    ['labels', { labels: labels(72) }, { labels: labels(73) }, 'labels: must contain no more than 72 item(s)'],
    [
      'a label',
      { labels: ['x'.repeat(100)] },
      { labels: ['a', 'x'.repeat(101)] },
      'labels[1]: must be at most 100 characters',
    ],
    ['an empty label', { labels: [] }, { labels: [''] }, 'labels[0]: must be at least 1 characters'],
    [
      'request_id',
      { request_id: 'x'.repeat(16) },
      { request_id: 'x'.repeat(15) },
      'request_id: must be at least 16 characters',
    ],
    ['wait_secs', { wait_secs: 0 }, { wait_secs: -0.5 }, 'wait_secs: must be greater than or equal to 0'],
    [
      'lease_ttl_secs',
      { lease_ttl_secs: Number.MAX_SAFE_INTEGER },
      { lease_ttl_secs: Number.MAX_SAFE_INTEGER + 1 },
      'lease_ttl_secs: 9007199254740992 is out of range, it must be from -9007199254740991 to 9007199254740991',
    ],
  ])('%s is accepted at its limit and refused one past it', async (_name, good, bad, message) => {
    const { url, engine } = await startServer();
    const claim = (more: object) => post(url, '/api/jobs/claim', JSON.stringify({ worker_id: 'w1', ...more }));
    expect((await claim(good)).status).toBe(200);
    expect(await claim(bad)).toEqual({ status: 400, code: 'malformed', message });
    expect(engine.calls).toHaveLength(1);
  });

  test.each([200, 201, 5_000])('an id of %i characters in the path', async (length) => {
    const { url } = await startServer();
    const answer = await post(url, `/api/jobs/${'x'.repeat(length)}/heartbeat`, '');
    expect(answer).toMatchObject(
      length <= 200
        ? { status: 409, message: 'No such lease: this is not a lease id of this server.' }
        : { status: 400, message: 'lease_id: must be at most 200 characters' },
    );
  });

  test('a long poll is clamped to a minute', async () => {
    const server = await startServer();
    const { url, engine } = server;
    await startBuild(server);
    await post(url, '/api/jobs/claim', '{"worker_id":"w1","wait_secs":3600}');
    expect(engine.calls[0]?.args[0]).toMatchObject({ waitMs: 60_000 });
  });
});

test('a status of 100,000 jobs is complete, and other calls are answered while it is written', async () => {
  const server = await startServer();
  const { url, engine } = server;
  await startBuild(server);
  const { workflowStatus } = engine;
  engine.workflowStatus = async (id, only) => {
    const view = await workflowStatus(id, only);
    return {
      ...view,
      jobs: view.jobs.flatMap((job) => Array.from({ length: 100_000 }, (_, i) => ({ ...job, key: `job-${i}` }))),
    };
  };
  let answered = 0;
  let running = true;
  const others = (async () => {
    while (running) {
      await (await fetch(`${url}/healthz`)).text();
      answered++;
    }
  })();
  const response = await fetch(`${url}/api/workflows/ci/status`);
  const atHeaders = answered;
  const text = await response.text();
  running = false;
  await others;
  const { jobs } = JSON.parse(text) as { jobs: { id: string }[] };
  expect(jobs).toHaveLength(100_000);
  expect(jobs.at(-1)?.id).toBe('job-99999');
  // Converted in one step it would let at most two other calls through; written in one step it would have a length.
  expect(atHeaders).toBeGreaterThan(10);
  expect(response.headers.get('content-length')).toBeNull();
});
