import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

test('output of both streams arrives complete, each in order, under one sequence', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('i=0; while [ $i -lt 3000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done');
  const attempt = await server.reported();
  const expected = (name: string) => Array.from({ length: 3000 }, (_, i) => `${name} ${i}\n`).join('');
  expect(logOf(attempt, 'stdout')).toBe(expected('out'));
  expect(logOf(attempt, 'stderr')).toBe(expected('err'));
  expect(attempt.reports).toEqual([{ kind: 'complete', body: { outputs: {} } }]);
});

test('output keeps its order across the streams when there is time between the writes', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('for i in 1 2 3 4 5; do echo "o$i"; sleep 0.03; echo "e$i" >&2; sleep 0.03; done');
  expect(logOf(await server.reported())).toBe('o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n');
});

test('output arrives while the job runs', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo early; sleep 30');
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  expect(logOf(attempt)).toBe('early\n');
  expect(attempt.reports).toEqual([]);
});

test('a character that is cut by the reads is put together, and bytes that are no UTF-8 become U+FFFD', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(
    `printf '\\342\\202'; sleep 0.1; printf '\\254 \\360\\237'; sleep 0.1; printf '\\230\\200 [\\377] \\342\\202'`,
  );
  expect(logOf(await server.reported())).toBe('€ 😀 [\uFFFD] \uFFFD');
});

test('ten megabytes of output arrive unchanged, in calls of about the batch size', async () => {
  const server = await startServer();
  startWorker(server, { unsentLogBytesMax: 256 * 1024 });
  server.push('head -c 10000000 /dev/zero | tr "\\0" "x"; echo; echo end');
  const log = logOf(await server.reported());
  expect(log.length).toBe(10_000_005);
  expect(log.endsWith('x\nend\n')).toBe(true);
  const calls = server.seen.filter((request) => request.path.endsWith('/logs'));
  expect(Math.max(...calls.map((call) => JSON.stringify(call.body).length))).toBeLessThan(80 * 1024);
});

test('a job that writes more than can be sent has to wait, and loses nothing', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { unsentLogBytesMax: 64 * 1024 });
  server.fault = { path: /logs$/, status: 503 };
  const directory = mkdtempSync(join(tmpdir(), 'worker-test-'));
  server.push(`head -c 2000000 /dev/zero | tr "\\0" "x"; touch ${directory}/written`);
  await event('server-away');
  await sleep(700);
  expect(existsSync(`${directory}/written`)).toBe(false);
  server.fault = null;
  const attempt = await server.reported();
  expect(existsSync(`${directory}/written`)).toBe(true);
  expect(logOf(attempt).length).toBe(2_000_000);
  rmSync(directory, { recursive: true });
});

test('a script may open its output by name', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('echo one > /dev/stderr; echo two | tee /dev/stderr >/dev/null; echo three > /dev/stdout');
  const attempt = await server.reported();
  expect(attempt.reports[0]?.kind).toBe('complete');
  expect(logOf(attempt, 'stderr')).toBe('one\ntwo\n');
});

test('output that a background process writes just after the shell’s end is kept', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('(sleep 0.5; echo late) & echo first');
  expect(logOf(await server.reported())).toBe('first\nlate\n');
});
