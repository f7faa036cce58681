import { mkdtempSync, rmSync } from 'node:fs';
import * as http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StreamHeartbeatsRequest } from '../../clients/typescript/src/gen/workflowgraph/v1/job_service.js';
import { StreamLogsRequest } from '../../clients/typescript/src/gen/workflowgraph/v1/log_service.js';
import { loadConfig } from '../../src/config.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';

let folder: string;
let server: RunningServer;
let errors: string[];
let session: http2.ClientHttp2Session;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'workflow-graph-'));
  errors = [];
  const config = loadConfig({}, { port: '0', dataDir: folder, workflowsDir: join(folder, 'workflows') });
  const log = createLog({ level: 'error', format: 'json' }, { write: (line) => errors.push(line) });
  server = await startServer(config, log);
  session = http2.connect(server.url);
  session.on('error', () => {});
});

afterEach(async () => {
  session.destroy();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function open(method: string): http2.ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/workflowgraph.v1.${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  return stream;
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

test('a connection that breaks during a stream is not reported as a bug', async () => {
  const stream = open('JobService/StreamHeartbeats');
  const answered = new Promise((resolve) => stream.once('data', resolve));
  stream.write(framed(StreamHeartbeatsRequest.encode({ lease_ids: ['gone'] }).finish()));
  await answered;
  session.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(errors).toEqual([]);
});

test('a stream message that is too large is refused as such', async () => {
  const stream = open('LogService/StreamLogs');
  const status = new Promise((resolve) => {
    const look = (headers: http2.IncomingHttpHeaders) => {
      if ('grpc-status' in headers) resolve(headers['grpc-status']);
    };
    stream.on('response', look);
    stream.on('trailers', look);
  });
  stream.resume();
  const data = 'x'.repeat(5 * 1024 * 1024);
  const chunk = { workflow_id: '', job_id: '', sequence: 0, data, timestamp_ms: 0, stream: 1 as const, attempt: 0 };
  stream.write(framed(StreamLogsRequest.encode({ lease_id: 'any', chunks: [chunk] }).finish()));
  expect(await status).toBe('8');
  expect(errors).toEqual([]);
});
