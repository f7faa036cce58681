import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { shortLease } from '../../../test/support/machine.js';
import { stopGraceMs } from '../src/stop.js';
import { type FakeAttempt, logOf } from './fake-server.js';
import { startServer, startWorker } from './harness.js';

/** A child, a child's child, one in another session, one whose parent is gone, one with an empty environment; then waits. */
const FAMILY = `
  sleep 601 & echo $!
  sh -c 'sleep 602 & echo $!; wait' &
  setsid sh -c 'echo $$; exec sleep 603' &
  setsid sh -c '(sleep 604 & echo $!)' &
  env -i setsid sh -c 'echo $$; exec sleep 606' &
  sleep 0.3; echo ready; wait; sleep 605`;

test('a cancelled job ends with all its processes, those in other sessions too', async () => {
  const server = await startServer();
  const { events, event } = startWorker(server);
  server.push(FAMILY);
  const attempt = await server.claimed();
  const pids = await familyOf(attempt, server);
  expect(pids.map(isAlive)).toEqual([true, true, true, true, true]);
  attempt.cancelled = true;
  const ended = await event('job-ended');
  expect(pids.map(isAlive)).toEqual([false, false, false, false, false]);
  expect(ended.outcome).toBe('cancelled');
  expect(attempt.reports).toEqual([{ kind: 'fail', body: { error: 'cancelled', retryable: false } }]);
  expect(events.filter(({ type }) => type === 'report-refused')).toEqual([]);
});

test('a cancellation is seen although the lease is not to be renewed for minutes', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: 600 });
  server.push('sleep 600');
  const attempt = await server.claimed();
  attempt.cancelled = true;
  await event('job-ended');
});

test('what a cancelled job says at its end is still logged', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: shortLease(1) });
  server.push(`trap 'echo cleaning up; exit 0' TERM; echo ready; while :; do sleep 0.05; done`);
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  attempt.cancelled = true;
  await event('job-ended');
  expect(logOf(attempt, 'stdout')).toBe('ready\ncleaning up\n');
});

test('the commands of a trap have the whole grace, those in groups of their own too', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: shortLease(1) });
  server.push(`
    trap 'sleep 0.3 && echo group; setsid -w sh -c "sleep 0.3 && echo session"; exit 0' TERM
    echo ready; while :; do sleep 0.05; done`);
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  attempt.cancelled = true;
  await event('job-ended');
  expect(logOf(attempt, 'stdout')).toBe('ready\ngroup\nsession\n');
});

test('a job that ignores SIGTERM is killed after the grace, and not before', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: shortLease(1), graceMs: 700 });
  server.push(`trap 'echo ignored' TERM; echo $$; while :; do sleep 0.05; done`);
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  attempt.cancelled = true;
  await server.until(() => logOf(attempt).includes('ignored'));
  const askedAt = performance.now();
  await event('job-ended');
  // The log batches by time, so that the request to end was up to that much before.
  expect(performance.now() - askedAt).toBeGreaterThan(400);
  expect(isAlive(Number(logOf(attempt).split('\n')[0]))).toBe(false);
});

test('a job that the server says has timed out ends in the time that the server waits, keeps its last lines, and is reported', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: 600, graceMs: 600_000 });
  server.push(`trap 'echo rolling back' TERM; echo $$; while :; do sleep 0.05; done`, {
    extra: { timeout_secs: 600 },
  });
  const attempt = await server.claimed();
  await server.until(() => attempt.chunks.size > 0);
  attempt.stop = { reason: 'timed_out', withinSecs: 4 };
  const { outcome, error } = await event('job-ended');
  expect([outcome, error]).toEqual(['timed_out', 'timed out after 600 s']);
  expect(attempt.reports).toEqual([{ kind: 'fail', body: { error: 'timed out after 600 s', retryable: true } }]);
  expect(logOf(attempt, 'stdout').split('\n').slice(1)).toEqual(['rolling back', '']);
  expect(isAlive(Number(logOf(attempt).split('\n')[0]))).toBe(false);
});

test('a report of a timeout that comes too late is a timeout all the same, and one line says so', async () => {
  const server = await startServer();
  const { events, event } = startWorker(server, { leaseTtlSecs: 600 });
  server.push('echo begun; sleep 600', { extra: { timeout_secs: 1 } });
  server.fault = { path: /\/fail$/, status: 409, body: { code: 'conflict', reason: 'lease_expired', message: 'gone' } };
  expect((await event('job-ended')).outcome).toBe('timed_out');
  expect(events.map(({ type }) => type)).toEqual(['registered', 'job-started', 'stopped-too-late', 'job-ended']);
});

test.each([
  [10_000, 10, 8_000],
  [10_000, 2, 1_000],
  [10_000, 1, 500],
  [500, 10, 500],
  [10_000, null, 10_000],
  [10_000, 0, 10_000],
])(
  'with a grace of %i ms and a server that waits for %j s, processes are killed after %i ms',
  (own, within, killed) => {
    expect(stopGraceMs(own, within)).toBe(killed);
  },
);

test('a job whose lease is lost is ended at once, and reports nothing', async () => {
  const server = await startServer();
  const { event } = startWorker(server, { leaseTtlSecs: shortLease(1) });
  server.push(FAMILY);
  const attempt = await server.claimed();
  const pids = await familyOf(attempt, server);
  attempt.refuseWith = 'superseded';
  const ended = await event('job-ended');
  expect(ended).toMatchObject({ outcome: 'lost', error: 'lease lost: the lease is gone (superseded)' });
  expect(pids.map(isAlive)).toEqual([false, false, false, false, false]);
  expect(server.seen.filter(({ path }) => /\/(complete|fail)$/.test(path))).toEqual([]);
});

test('a job that takes longer than its timeout is ended and fails retryably', async () => {
  const server = await startServer();
  startWorker(server);
  server.push('sleep 600', { extra: { timeout_secs: 1 } });
  const [report] = (await server.reported()).reports;
  expect(report).toEqual({ kind: 'fail', body: { error: 'timed out after 1 s', retryable: true } });
});

test('a process that left the group and holds the output open does not hold the worker', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`setsid sh -c 'echo $$; exec sleep 600' & sleep 0.2`);
  const attempt = await server.reported();
  expect(attempt.reports[0]?.kind).toBe('complete');
  expect(isAlive(Number(logOf(attempt)))).toBe(false);
});

test('a daemon that a job starts in a session and with an output of its own outlives the job', async () => {
  const server = await startServer();
  startWorker(server);
  server.push(`setsid sleep 3 > /dev/null 2>&1 & echo $!; sleep 0.1`);
  const attempt = await server.reported();
  const pid = Number(logOf(attempt));
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

async function familyOf(
  attempt: FakeAttempt,
  server: { until(holds: () => boolean): Promise<void> },
): Promise<number[]> {
  await server.until(() => logOf(attempt).includes('ready'));
  await sleep(50);
  return logOf(attempt)
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
