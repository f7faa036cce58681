import { expect, it } from 'vitest';
import { definitionOf } from './driver/definition.js';
import { atPace, leaseTtlSecs } from './driver/pace.js';
import { runningTime } from './driver/running-time.js';
import type { Scenario } from './driver/scenario.js';
import { seededBytes } from './driver/seeded-bytes.js';
import { timeFactor } from './driver/time-factor.js';
import { until } from './driver/until.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A bound scaled for this machine. */
const here = (ms: number) => ms / timeFactor;

/** Blocks this process, like a machine that stalls. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('a stall of the machine hardly affects the clock of running time', async () => {
  const before = runningTime();
  stall(1_500);
  await pause(60);
  expect(runningTime() - before).toBeLessThan(1_000);
});

it('a wait whose bound is shorter than a stall survives the stall', async () => {
  let isThere = false;
  const waited = until('it is there', () => isThere, { withinMs: here(600) });
  await pause(60);
  stall(900);
  setTimeout(() => {
    isThere = true;
  }, 50);
  await expect(waited).resolves.toBe(true);
});

it('a wait continues while there is progress, and ends by its bound without', async () => {
  let steps = 0;
  const timer = setInterval(() => {
    steps += 1;
  }, 150);
  const seen = () => String(steps);
  const found = await until('twenty steps', () => steps >= 20, { withinMs: here(2_000), seen });
  clearInterval(timer);
  expect(found).toBe(true);
  await expect(until('more', () => steps > 1_000, { withinMs: here(50), seen })).rejects.toThrow(
    /without progress: more; seen: \d+/,
  );
});

it('the random parts of a scenario depend only on the seed', () => {
  const scenario: Scenario = {
    name: 'bytes',
    promise: '',
    executor: 'shell',
    jobs: { a: { run_bytes: { before: 'base64 -d <<X\n', count: 1_000, after: 'X' } } },
    script: [],
  };
  const madeOf = (seed: number) => definitionOf(scenario, { seed, folder: '/f' });
  expect(madeOf(7)).toEqual(madeOf(7));
  expect(madeOf(7)).not.toEqual(madeOf(8));
  expect(new Set(seededBytes(7, 100_000)).size, 'every byte value occurs').toBe(256);
});

it('on a slow machine short leases grow with the sleeps next to them, and nothing else does', () => {
  const leases: Scenario = {
    name: 'leases',
    promise: '',
    executor: 'function',
    jobs: { a: { steps: [{ sleep_ms: 9_000 }, { output: { k: 'v' } }], retries: 1 } },
    script: [{ start: 'w1', options: { lease_ttl_secs: 4, slots: 2 } }, { sleep_ms: 700 }, { until_run: 'run' }],
  };
  expect(atPace(leases, 1)).toEqual(leases);
  expect(atPace(leases, 11)).toEqual({
    ...leases,
    jobs: { a: { steps: [{ sleep_ms: 18_000 }, { output: { k: 'v' } }], retries: 1 } },
    script: [{ start: 'w1', options: { lease_ttl_secs: 8, slots: 2 } }, { sleep_ms: 1_400 }, { until_run: 'run' }],
  });
  expect(atPace(leases, 1_000).jobs.a?.steps?.[0]).toEqual({ sleep_ms: 27_000 });
  const plain: Scenario = { ...leases, script: [{ start: 'w1' }, { sleep_ms: 700 }] };
  expect(atPace(plain, 1_000)).toEqual(plain);
});

it('a lease whose time a scenario does not set outlives the start of a server on a slow machine', () => {
  expect([1, 5, 10, 50, 1_000].map((factor) => leaseTtlSecs(factor))).toEqual([30, 30, 60, 300, 300]);
});

it('a job holds by a file of the play, and a command finds the folder of the play', () => {
  const scenario: Scenario = {
    name: 'holds',
    promise: '',
    executor: 'function',
    jobs: { a: { steps: [{ hold: 'go' }, { log: 'x' }] } },
    script: [],
  };
  const play = { seed: 1, folder: '/play' };
  const run = JSON.stringify({ steps: [{ until_file: '/play/go' }, { log: 'x' }] });
  expect(definitionOf(scenario, play)).toMatchObject({ jobs: { a: { run, shell: 'plain' } } });
  const shell: Scenario = { ...scenario, executor: 'shell', jobs: { a: { run: "[ -d '@folder@' ]" } } };
  expect(definitionOf(shell, play)).toMatchObject({ jobs: { a: { run: "[ -d '/play' ]" } } });
});
