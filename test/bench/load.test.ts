import { afterEach, expect, test } from 'vitest';
import { atLeast, atMost, figure, isMet } from '../../bench/figures.js';
import { loadDispatch } from '../../bench/load/dispatch-load.js';
import { HttpConnection, requestText } from '../../bench/load/http-connection.js';
import { loadWholeLives } from '../../bench/load/whole-lives.js';
import { readOptions } from '../../bench/options.js';
import { median, quantile } from '../../bench/statistics.js';
import { layers, pairs } from '../../bench/workflows.js';
import { type FakeServer, startFakeServer } from './fake-server.js';

let fake: FakeServer | null = null;

afterEach(async () => {
  await fake?.close();
  fake = null;
});

async function fakeOf(jobsPerRun: number, refuseAfter?: number): Promise<FakeServer> {
  fake = await startFakeServer(jobsPerRun, refuseAfter);
  return fake;
}

test('every claim, completion and run that the server saw is counted once', async () => {
  const { url, seen } = await fakeOf(10);
  const result = await loadWholeLives({ url, workflowId: 'w', connections: 8, warmUpMs: 50, measuredMs: 200 });
  expect(result.total).toEqual(seen);
  expect(seen.completed).toBeGreaterThan(0);
  expect(seen.completed).toBe(seen.claimed);
});

test('a life counts towards the rate only within the measured time', async () => {
  const { url } = await fakeOf(10);
  const edges: string[] = [];
  const result = await loadWholeLives({
    url,
    workflowId: 'w',
    connections: 4,
    warmUpMs: 150,
    measuredMs: 150,
    onMeasured: (edge) => edges.push(edge),
  });
  expect(edges).toEqual(['begin', 'end']);
  expect(result.lives).toBe(result.completeMs.length);
  expect(result.lives).toBeGreaterThan(0);
  expect(result.lives).toBeLessThan(result.total.completed);
});

test('a refused completion ends the load with the answer in the message', async () => {
  const { url } = await fakeOf(10, 5);
  const load = loadWholeLives({ url, workflowId: 'w', connections: 2, warmUpMs: 0, measuredMs: 10_000 });
  await expect(load).rejects.toThrow(/complete was answered 409: \{"code":"aborted"\}/);
});

test('each run of the dispatch load has one time, from its request to its claim', async () => {
  const { url, seen } = await fakeOf(1);
  const result = await loadDispatch({
    url,
    workflowId: 'w',
    workers: 8,
    runsPerSec: 200,
    warmUpMs: 0,
    measuredMs: 300,
  });
  expect(result.started).toBe(60);
  expect(result.completed).toBe(60);
  expect(seen).toEqual({ runs: 60, claimed: 60, completed: 60 });
  expect(result.fromRequestMs).toHaveLength(60);
  for (const ms of result.fromRequestMs) expect(ms).toBeGreaterThan(0);
});

test('a connection takes one request at a time, and reads answers that come in pieces', async () => {
  const { url } = await fakeOf(1);
  const connection = await HttpConnection.open(url);
  const run = requestText('POST', '/api/workflows/w/run', null);
  const [first, second] = await Promise.allSettled([connection.send(run), connection.send(run)]);
  expect(first).toMatchObject({ status: 'fulfilled', value: { status: 202, body: '{"run_id":"run-1"}' } });
  expect(second).toMatchObject({ status: 'rejected' });
  expect(await connection.send(run)).toEqual({ status: 202, body: '{"run_id":"run-2"}' });
  connection.close();
});

test('a request fails when the server goes away', async () => {
  const { url, close } = await fakeOf(1);
  const connection = await HttpConnection.open(url);
  const claim = requestText('POST', '/api/jobs/claim', '{"wait_secs":10}');
  const waiting = connection.send(claim);
  setTimeout(() => void close(), 50);
  await expect(waiting).rejects.toThrow();
  await expect(connection.send(claim)).rejects.toThrow();
});

test('quantiles and medians are values that the samples have, or lie between', () => {
  const samples = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.99, 1].map((share) => quantile(samples, share))).toEqual([1, 3, 5, 5]);
  expect(median(samples)).toBe(3);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a target is met at its very value', () => {
  expect(isMet(figure('f', 8, 'ms', atMost(8)))).toBe(true);
  expect(isMet(figure('f', 8.1, 'ms', atMost(8)))).toBe(false);
  expect(isMet(figure('f', 0.4, '×', atLeast(0.4)))).toBe(true);
  expect(isMet(figure('f', 0.39, '×', atLeast(0.4)))).toBe(false);
  expect(isMet(figure('f', null, 'MB', atMost(1)))).toBeNull();
});

test('the large workflows have the degrees that they promise', () => {
  const outDegrees = new Map<string, number>();
  for (const { depends_on } of pairs(100, 'x')) {
    for (const need of depends_on) outDegrees.set(need, (outDegrees.get(need) ?? 0) + 1);
  }
  expect([...outDegrees.values()]).toEqual(Array.from({ length: 50 }, () => 1));
  const jobs = layers(1_000, 'x');
  const ids = new Set(jobs.map(({ id }) => id));
  const needing = jobs.slice(100);
  expect(
    needing.every(({ depends_on }) => new Set(depends_on).size === 2 && depends_on.every((id) => ids.has(id))),
  ).toBe(true);
});

test('options that cannot be are refused', () => {
  expect(readOptions(['lives', '--seconds', '2'], ['lives'])).toMatchObject({ names: ['lives'], seconds: 2 });
  expect(() => readOptions(['life'], ['lives'])).toThrow('unknown benchmark life; there are lives');
  for (const seconds of ['0', 'x', '601']) expect(() => readOptions(['--seconds', seconds], [])).toThrow('--seconds');
});
