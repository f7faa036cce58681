import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, LogBatch, WatchBatch } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';
import { sized } from '../support/machine.js';
import { shuffledStore } from '../support/shuffled-store.js';

// What an engine does between two awaits depends on the order of the database's answers. Each seed is one order.
const orders = sized({ of: 'orders of answers', asked: process.env.ORDERS, full: 60, floor: 12 });
const firstSeed = Number(process.env.ORDER_SEED ?? 1);
const seeds = Array.from({ length: orders }, (_, at) => firstSeed + at);

const workflow = `
jobs:
  a: { run: x }
  b: { needs: a, run: x, retries: 1 }
  c: { needs: a, if: "needs.a.outputs.k == 'v'", run: x }
  d: { needs: [b, c], run: x }
  clean: { needs: d, if: always(), run: x }
`;

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

let fixture: EngineFixture;
let random: () => number;
let working: Promise<void>[];
let isOver: boolean;

function begin(seed: number): Promise<EngineFixture> {
  random = randomOf(seed);
  fixture = new EngineFixture(undefined, { around: (store) => shuffledStore(store, random) });
  return fixture.start();
}

beforeEach(() => {
  isOver = false;
  working = [];
});

afterEach(() => fixture.end());

/** Claims jobs as they become available. */
async function work(workerId: string): Promise<void> {
  while (!isOver) {
    const [job] = await fixture.claimMany(1, { workerId, waitMs: 60_000 });
    if (job !== undefined) await finish(job).catch(refused);
  }
}

/** Sends two lines and the report in one turn: none waits for the response to another. */
async function finish(job: ClaimedJob): Promise<void> {
  const chunk = (sequence: number) =>
    ({ runId: '', jobKey: '', sequence, data: `${sequence}\n`, timestampMs: 1, stream: 'stdout' }) as const;
  const sent = [
    ...[0, 1].map((sequence) => fixture.engine.pushLogs(fixture.caller, job.leaseId, [chunk(sequence)])),
    job.jobKey === 'b' && job.attempt === 0 ? fixture.fail(job, true) : fixture.complete(job, { k: 'v' }),
  ];
  for (const outcome of await Promise.allSettled(sent)) if (outcome.status === 'rejected') refused(outcome.reason);
}

/** A job of a cancelled run is reported on a lease that has gone; any other failure is a bug. */
function refused(error: unknown): void {
  if ((error as { code?: string }).code === undefined) throw error;
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Nothing here waits for a timer: work that is unfinished when everything has settled has lost a wake-up. */
async function withoutTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let outcome: { value: T } | { error: unknown } | null = null;
  promise.then(
    (value) => {
      outcome = { value };
    },
    (error) => {
      outcome = { error };
    },
  );
  await settled();
  if (outcome === null) throw new Error(`${what}: nothing is in progress, but it is not finished`);
  if ('error' in (outcome as object)) throw (outcome as { error: unknown }).error;
  return (outcome as { value: T }).value;
}

async function endWorkers(): Promise<void> {
  isOver = true;
  await fixture.environment.advance(61_000);
  await Promise.all(working);
}

describe.each(seeds)('with the answers in order %i', (seed) => {
  it('every run ends, and every watcher and follower gets everything once and in order', async () => {
    await begin(seed);
    await fixture.define(workflow, 'wf');
    working = ['w1', 'w2', 'w3'].map(work);
    const started = await Promise.all([1, 2, 3].map(() => fixture.startRun('wf')));
    const { signal } = new AbortController();
    const watched = started.map(({ runId }) =>
      collect<WatchBatch>(fixture.engine.watchRuns({ id: runId, afterEvent: null }, signal)),
    );
    const query = { jobKey: 'd', attempt: null, limit: null, after: '', tail: null };
    const followed = started.map(({ runId }) =>
      collect<LogBatch>(fixture.engine.followJobLogs({ ...query, id: runId }, signal)),
    );

    const batches = await withoutTime('watching', Promise.all(watched));
    for (const [at, seen] of batches.entries()) {
      const events = seen.flatMap((batch) => batch.events);
      const numbers = events.map(({ number }) => number);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      const shown = seen.flatMap(({ snapshot }) => snapshot).at(-1)?.run?.state;
      expect([events.at(-1)?.type, shown]).toContain(shown === 'success' ? shown : 'run.success');
      expect(await fixture.runState(started[at]?.runId ?? '')).toBe('success');
    }
    for (const seen of await withoutTime('following', Promise.all(followed))) {
      expect(seen.flatMap(({ chunks }) => chunks.map(({ data }) => data))).toEqual(['0\n', '1\n']);
    }
    await endWorkers();
  });

  it('cancels and re-runs at any moment leave no run stuck', async () => {
    await begin(seed);
    await fixture.define(workflow, 'wf');
    working = ['w1', 'w2'].map(work);
    const started = await Promise.all([1, 2].map(() => fixture.startRun('wf')));
    const disturbed = started.flatMap(({ runId }) => [
      fixture.cancel(runId).catch(refused),
      fixture.engine
        .rerunRun({
          caller: fixture.caller,
          id: runId,
          jobs: ['b'],
          failed: false,
          dependants: true,
          force: random() < 0.5,
          dryRun: false,
          requestId: null,
        })
        .catch(refused),
    ]);
    await withoutTime('disturbing', Promise.all(disturbed));
    await settled();
    for (const { runId } of started) expect(await fixture.runState(runId)).toMatch(/success|failure|cancelled/);
    await endWorkers();
  });
});
