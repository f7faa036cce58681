import { beforeEach, expect, it } from 'vitest';
import { Loop } from '../../src/environment/loop.js';
import { HandMovedEnvironment } from '../support/hand-moved-environment.js';

const everyMs = 1_000;

let environment: HandMovedEnvironment;
let startedMs: number;
let logged: string[];
/** When each run began, from the start on. */
let runs: number[];
let pauses: number[];

beforeEach(() => {
  environment = new HandMovedEnvironment();
  startedMs = environment.now();
  logged = [];
  runs = [];
  pauses = [];
});

function loopOf(work: (stopping: AbortSignal) => Promise<number | undefined> = async () => undefined): Loop {
  return new Loop({
    name: 'sweeping',
    environment,
    log: { error: (_: unknown, text?: string) => void logged.push(text ?? '') },
    delayMs: () => everyMs,
    runOnce: (stopping) => {
      runs.push(environment.now() - startedMs);
      return work(stopping);
    },
    onPause: (untilMs) => void pauses.push(untilMs - startedMs),
  });
}

it('runs with a pause before each run, until it is stopped', async () => {
  const loop = loopOf();
  loop.start();
  loop.start();
  await environment.advance(2_500);
  expect(runs).toEqual([1_000, 2_000]);
  await loop.stop();
  await environment.advance(10_000);
  expect(runs).toHaveLength(2);
});

it('may run at once, and says itself when it runs next', async () => {
  const loop = loopOf(async () => environment.now() + 300);
  loop.start(0);
  await environment.advance(700);
  expect(runs).toEqual([0, 300, 600]);
  expect(pauses).toEqual([300, 600, 900]);
  await loop.stop();
});

it('never pauses longer than its delay', async () => {
  const loop = loopOf(async () => environment.now() + 60_000);
  loop.start(0);
  await environment.advance(2_500);
  expect(runs).toEqual([0, 1_000, 2_000]);
  await loop.stop();
});

it('may be stopped before it is started, and twice', async () => {
  const loop = loopOf();
  await loop.stop();
  await loop.stop();
  loop.start(0);
  loop.runBy(environment.now());
  await environment.advance(10_000);
  expect(runs).toEqual([]);
});

it('shortens its pause to the requested time, and does not extend it for a later one', async () => {
  const loop = loopOf();
  loop.runBy(startedMs);
  loop.start();
  loop.runBy(startedMs + 200);
  loop.runBy(startedMs + 900);
  await environment.advance(1_100);
  expect(runs).toEqual([200]);
  await environment.advance(100);
  expect(runs).toEqual([200, 1_200]);
  await loop.stop();
});

it('runs again by a time that was requested during a run, and never twice at once', async () => {
  let end = () => {};
  const loop = loopOf(() => new Promise((resolve) => (end = () => resolve(undefined))));
  loop.start(0);
  loop.runBy(startedMs + 50);
  await environment.advance(500);
  expect(runs).toEqual([0]);
  end();
  await environment.advance(0);
  expect(runs).toEqual([0, 500]);
  end();
  await loop.stop();
});

it('waits at its stop for the current run, and signals it', async () => {
  const order: string[] = [];
  const loop = loopOf(async (stopping) => {
    await new Promise((resolve) => stopping.addEventListener('abort', resolve));
    order.push('run ended');
    return undefined;
  });
  loop.start(0);
  await loop.stop();
  order.push('stopped');
  expect(order).toEqual(['run ended', 'stopped']);
});

it('continues after a failed run, which is logged', async () => {
  const loop = loopOf(async () => {
    throw new Error('no');
  });
  loop.start(0);
  await environment.advance(1_500);
  expect(runs).toEqual([0, 1_000]);
  expect(logged).toEqual(Array(2).fill('sweeping failed; retrying at the next interval'));
  await loop.stop();
});
