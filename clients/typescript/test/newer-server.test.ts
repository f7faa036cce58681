import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { WorkerEvent } from '../src/index.js';
import { isOlder, warningOfNewerServer } from '../src/worker/newer-server.js';

test.each([
  ['0.1.0', '0.1.1', true],
  ['0.9.0', '0.10.0', true],
  ['1.9.9', '2.0.0', true],
  ['0.1.0', '0.1.0', false],
  ['0.2.0', '0.1.9', false],
  ['2.0.0', '1.9.9', false],
  ['0.1.0', '0.1.0-rc.1', false],
  ['unknown', '0.1.0', false],
  ['0.1.0', 'unknown', false],
])('a worker of version %s beside a server of %s is older: %s', (worker, server, expected) => {
  expect(isOlder(worker, server)).toBe(expected);
});

test('a newer server is named once for each of its versions', async () => {
  let version = '2.0.0';
  const server = createServer((_request, response) => response.end(JSON.stringify({ version })));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const said: WorkerEvent[] = [];
  const software = { version: '1.0.0', update: 'to update it, do this' };
  const logger = warningOfNewerServer(
    (event) => said.push(event),
    { serverUrl, authorization: null, ca: null },
    software,
  );
  const back = { type: 'server-back', serverUrl, awayMs: 1 } as const;
  const warnings = () => said.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  const first = 'this worker has version 1.0.0, and its server 2.0.0. It keeps running; to update it, do this';
  logger(back);
  await vi.waitFor(() => expect(warnings()).toEqual([first]), { timeout: 20_000 });
  version = '3.0.0';
  logger(back);
  logger(back);
  await vi.waitFor(() => expect(warnings().length).toBeGreaterThan(1), { timeout: 20_000 });
  expect(warnings()[1]).toContain('3.0.0');
  expect(warnings()).toHaveLength(2);
});
