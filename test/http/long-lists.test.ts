import { expect, test } from 'vitest';
import type { LogBatch } from '../../src/engine/engine.js';
import { startServer } from './start-server.js';

const path = '/api/workflows/ci/jobs/build/logs';

function batch(sequence: number, data: string): LogBatch {
  const chunk = {
    runId: 'run-1',
    jobKey: 'build',
    sequence,
    data,
    timestampMs: 1,
    attempt: 0,
    missingBytes: null,
    systemLine: null,
  };
  return { chunks: [{ ...chunk, stream: 'stdout' }], position: `0.${sequence}.stdout` };
}

test('an endless log is read only as far as its reader accepts it, and no further once the reader has disconnected', async () => {
  const { url, engine } = await startServer();
  const ended = Promise.withResolvers<number>();
  const data = 'x'.repeat(1024 * 1024);
  engine.jobLogs = async function* () {
    let sequence = 0;
    try {
      for (; ; sequence++) yield batch(sequence, data);
    } finally {
      ended.resolve(sequence);
    }
  };
  const leave = new AbortController();
  const response = await fetch(`${url}${path}`, { signal: leave.signal });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(
    Buffer.from(first?.value ?? [])
      .toString()
      .slice(0, 24),
  ).toBe('[{"workflow_id":"run-1",');
  leave.abort();
  expect(await ended.promise).toBeLessThan(100);
});

test('if a read fails midway the list has no end', async () => {
  const { url, engine } = await startServer();
  engine.jobLogs = async function* () {
    yield batch(0, 'a\n');
    yield batch(1, 'b\n');
    throw new Error('the database went away');
  };
  const response = await fetch(`${url}${path}`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test('if the first piece cannot be read the response is the error', async () => {
  const { url, engine } = await startServer();
  // biome-ignore lint/correctness/useYield: it fails before the first item
  engine.jobLogs = async function* () {
    throw new Error('a bug');
  };
  expect((await fetch(`${url}${path}`)).status).toBe(500);
});
