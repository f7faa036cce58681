import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { selfSigned } from '../support/self-signed.js';
import { RawConnection } from './raw-connection.js';
import { claimBuild, startServer } from './start-server.js';

const heartbeat = (leaseId: string) =>
  `POST /api/jobs/${leaseId}/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;

describe('HTTP/1.1 and HTTP/2 with prior knowledge share the port', () => {
  test('a request that arrives byte by byte is answered', async () => {
    const server = await startServer();
    const { leaseId } = await claimBuild(server);
    const connection = new RawConnection(server.port);
    for (const byte of heartbeat(leaseId)) await connection.write(byte);
    expect(await connection.until(/cancelled/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    connection.socket.destroy();
  });

  test('a method that begins like the HTTP/2 preface is HTTP/1.1', async () => {
    const { port } = await startServer();
    const connection = new RawConnection(port);
    await connection.write('P');
    await connection.write('UT /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
    expect(await connection.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 405 /);
    connection.socket.destroy();
  });

  test('pipelined requests are answered in order', async () => {
    const server = await startServer();
    const { leaseId } = await claimBuild(server);
    const connection = new RawConnection(server.port);
    await connection.write(heartbeat(leaseId) + heartbeat('unknown') + heartbeat(leaseId));
    const text = await connection.until(/(cancelled[\s\S]*){2}$/);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 409', 'HTTP/1.1 200']);
    connection.socket.destroy();
  });

  test('the HTTP/2 preface may arrive byte by byte', async () => {
    const { port } = await startServer();
    const connection = new RawConnection(port);
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') await connection.write(byte);
    // An empty SETTINGS frame.
    await connection.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const answer = await connection.until(/[\s\S]{9}/);
    expect(answer.charCodeAt(3), 'a SETTINGS frame').toBe(4);
    connection.socket.destroy();
  });

  test('gRPC and the documented paths work on one HTTP/2 port', async () => {
    const server = await startServer();
    const { url } = server;
    const { leaseId } = await claimBuild(server);
    const client = createClient(JobService, createGrpcTransport({ baseUrl: url }));
    expect((await client.heartbeatLease({ leaseId })).ttlSecs).toBe(30n);
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': `/api/jobs/${leaseId}/heartbeat` });
    stream.end('{"a":1}');
    const { promise, resolve } = Promise.withResolvers<unknown>();
    stream.on('response', (headers) => resolve(headers[constants.HTTP2_HEADER_STATUS]));
    expect(await promise).toBe(200);
  });

  test.each([
    ['garbage', '\x16\x03\x01\x02\x00 garbage\r\n\r\n'],
    ['a request line without a version', 'GET\r\n\r\n'],
    [
      'two Content-Length headers that differ',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ],
  ])('%s is answered with 400 and the connection is closed', async (_name, text) => {
    const { port } = await startServer();
    const connection = new RawConnection(port);
    await connection.write(text);
    const answer = await connection.untilClosed();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/\{"code":"malformed","message":"this is not a valid HTTP request"\}$/);
  });

  test('headers of more than 16 KiB are refused with 431', async () => {
    const { port } = await startServer();
    const connection = new RawConnection(port);
    await connection.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(16 * 1024)}\r\n\r\n`);
    expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"too_large"/);
  });

  test('a connection that sends nothing, or too little to detect its protocol, is closed in time', async () => {
    const { port } = await startServer({ limits: { firstBytesMs: 50 } });
    const silent = new RawConnection(port);
    const undecided = new RawConnection(port);
    await undecided.write('PRI * HT');
    expect(await silent.untilClosed()).toBe('');
    expect(await undecided.untilClosed()).toBe('');
  });

  test('headers that never end are cut off with 408', async () => {
    const { port } = await startServer({ limits: { headersMs: 50, requestMs: 100, checkMs: 20 } });
    const slow = new RawConnection(port);
    await slow.write('POST /api/jobs/claim HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    expect(await slow.untilClosed()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
  });

  test('a body that never ends is cut off', async () => {
    const { port } = await startServer({ limits: { headersMs: 50, requestMs: 100, checkMs: 20 } });
    const slow = new RawConnection(port);
    await slow.write('POST /api/jobs/claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"wor');
    expect(await slow.untilClosed()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('an HTTP/2 body that never ends is cut off', async () => {
    const { url } = await startServer({ limits: { requestMs: 100 } });
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/api/jobs/claim' });
    stream.resume();
    stream.write('{"wor');
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('close', resolve).on('error', () => {});
    await promise;
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  test('connections beyond the limit are closed, and accepted again when others have disconnected', async () => {
    const server = await startServer({ limits: { connectionsMax: 1 } });
    const { port, logged } = server;
    const { leaseId } = await claimBuild(server);
    const first = new RawConnection(port);
    await first.write(heartbeat(leaseId));
    await first.until(/cancelled/);
    const second = new RawConnection(port);
    expect(await second.untilClosed()).toBe('');
    expect(logged.some((line) => line.includes('too many'))).toBe(true);
    first.socket.destroy();
    await first.untilClosed();
    const third = new RawConnection(port);
    await third.write(heartbeat(leaseId));
    expect(await third.until(/cancelled/)).toMatch(/^HTTP\/1\.1 200/);
    third.socket.destroy();
  });

  test('an HTTP/2 peer that does not answer pings is cut off', async () => {
    const { port } = await startServer({ limits: { pingMs: 50 } });
    const dead = new RawConnection(port);
    await dead.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await dead.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    await dead.untilClosed();
    expect(dead.closed).toBe(true);
  });
});

describe('the port', () => {
  test('the next free port is used, and the log reports it', async () => {
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    other.listen(0, '127.0.0.1', resolve);
    await promise;
    onTestFinished(() => void other.close());
    const address = other.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const { port, logged } = await startServer({ config: { port: taken } });
    expect(port).toBeGreaterThan(taken);
    expect(logged.join()).toContain(`port ${taken} is in use by another program, so this server listens on ${port}`);
  });
});

describe('with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tls-'));
  const files = selfSigned(directory);
  const insecure = { rejectUnauthorized: false };
  afterAll(() => execFileSync('rm', ['-r', directory]));

  test('HTTP/1.1 and gRPC over HTTP/2 are distinguished by ALPN', async () => {
    const server = await startServer({ config: files });
    const { url } = server;
    const { leaseId } = await claimBuild(server);
    expect(url).toMatch(/^https:/);
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const request = httpsRequest(
      `${url}/api/jobs/${leaseId}/heartbeat`,
      { method: 'POST', ...insecure },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', reject).end();
    expect(await promise).toBe(200);
    const client = createClient(JobService, createGrpcTransport({ baseUrl: url, nodeOptions: insecure }));
    expect((await client.heartbeatLease({ leaseId })).ttlSecs).toBe(30n);
  });

  test('plain HTTP to the TLS port gets no response and does no harm', async () => {
    const server = await startServer({ config: files });
    const { port, url } = server;
    const { leaseId } = await claimBuild(server);
    const plain = new RawConnection(port);
    await plain.write(heartbeat(leaseId));
    await plain.untilClosed();
    const client = createClient(JobService, createGrpcTransport({ baseUrl: url, nodeOptions: insecure }));
    expect((await client.heartbeatLease({ leaseId })).ttlSecs).toBe(30n);
  });
});
