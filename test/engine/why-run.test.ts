import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let world: EngineFixture;

beforeEach(async () => {
  world = await new EngineFixture().start();
});

afterEach(() => world.end());

async function reasonsOf(run: string) {
  return (await world.engine.explainRun(run)).reasons;
}

const register = (workerId: string, labels: string[], slots = 1) =>
  world.engine.registerWorker({ workerId, labels, onlyLabelled: false, slots, version: 'test' });

test('a run is explained by groups: jobs that no worker takes, running jobs, and jobs that wait for these', async () => {
  await register('w1', ['linux']);
  const run = await world.run(`jobs:
    build: { run: x, priority: 9 }
    train-1: { run: x, labels: [gpu] }
    train-2: { run: x, labels: [gpu] }
    test: { run: x, needs: build }
    report: { run: x, needs: [build, test, train-1] }`);
  await world.claimed();
  await world.environment.advance(12_000);
  await register('w1', ['linux']);
  const { jobs, succeeded, state, reasons } = await world.engine.explainRun(run);
  expect({ jobs, succeeded, state }).toEqual({ jobs: 5, succeeded: 0, state: 'running' });
  expect(reasons.map(({ code, count, jobKeys }) => [code, count, jobKeys])).toEqual([
    ['no_matching_worker', 2, ['train-1', 'train-2']],
    ['running', 1, ['build']],
    ['needs_open', 2, ['test', 'report']],
  ]);
  expect(reasons[0]).toMatchObject({
    requiredLabels: ['gpu'],
    sentence: expect.stringContaining('No live worker has the label "gpu"'),
  });
  expect(reasons[1]?.sentence).toBe('It has run for 12 s.');
  expect(reasons[2]).toMatchObject({
    sentence: 'They wait for jobs that have not ended: 2 jobs hold them up, most of all "build".',
    holders: [
      { jobKey: 'build', state: 'running', holds: 2 },
      { jobKey: 'train-1', state: 'queued', holds: 1 },
    ],
    holderCount: 2,
  });
});

test('failures with the same beginning are one reason, and their consequences come last', async () => {
  const run = await world.run(`jobs:
    a: { run: x }
    b: { run: x }
    c: { run: x }
    d: { run: x, needs: [a, b, c] }
    e: { run: x, needs: a, if: "needs.a.result == 'success'" }`);
  const claims = await world.claimMany(3);
  for (const job of claims) {
    await world.fail(
      job,
      false,
      job.jobKey === 'b' ? 'exit status 3\ndisk full\nbye' : `ECONNRESET\nat line ${job.jobKey}`,
    );
  }
  const reasons = await reasonsOf(run);
  expect(reasons.map(({ code, sentence, jobKeys }) => [code, sentence, jobKeys])).toEqual([
    ['failed', 'Failed: ECONNRESET', ['a', 'c']],
    ['failed', 'Failed: exit status 3: disk full', ['b']],
    ['needs_unsuccessful', 'Skipped, because jobs that it needs did not succeed.', ['d']],
    ['condition_false', 'Skipped: its condition is false.', ['e']],
  ]);
});

test('delayed jobs report when the next of them starts, and cancelled ones the token that cancelled the run', async () => {
  const run = await world.run(
    'jobs: { a: { run: x, retries: 1, backoff: { fixed: 5 } }, b: { run: x }, c: { run: x, needs: a } }',
  );
  const claims = await world.claimMany(2);
  const first = claims.find(({ jobKey }) => jobKey === 'a');
  if (first === undefined) throw new Error('job a was not claimed');
  await world.fail(first, true);
  expect((await reasonsOf(run)).map(({ code }) => code)).toEqual(['delayed', 'running', 'needs_open']);
  expect((await reasonsOf(run))[0]?.sentence).toBe('An attempt failed; the next begins in 5 s.');
  await world.cancel(run, { force: true });
  await world.environment.advance(3_000);
  expect((await reasonsOf(run))[0]).toMatchObject({
    code: 'cancelled',
    count: 3,
    sentence: 'The run was cancelled 3 s ago.',
  });
});

test('a run that waits for a place in its group says so, and so does one that was replaced by another', async () => {
  const group = 'concurrency: { group: deploy }\n';
  const first = await world.run(`${group}jobs: { a: { run: x } }`);
  const second = await world.run(`${group}jobs: { a: { run: x }, b: { run: x } }`);
  const [held] = await reasonsOf(second);
  expect(held).toMatchObject({ code: 'held_by_group', count: 2, sentence: expect.stringContaining(first) });
});

test('a failure that counts as success comes last and is marked', async () => {
  const run = await world.run('jobs: { a: { run: x, continue-on-error: true }, b: { run: x, needs: a } }');
  await world.fail(await world.claimed(), false, 'flaky');
  expect((await reasonsOf(run)).at(-1)).toMatchObject({
    code: 'tolerated',
    sentence: 'Failed, which counts as success (continue-on-error): flaky',
    jobKeys: ['a'],
  });
});

test('a run whose jobs all succeeded has no reasons; an unknown run is not found', async () => {
  const run = await world.run('jobs: { a: { run: x } }');
  await world.complete(await world.claimed());
  expect(await world.engine.explainRun(run)).toMatchObject({ succeeded: 1, reasons: [] });
  await expect(world.engine.explainRun('missing')).rejects.toMatchObject({ code: 'not_found' });
});

describe('many jobs', () => {
  test('are explained by few reasons, each with its number and the first twenty', async () => {
    const tests = Array.from({ length: 400 }, (_, n) => `test-${n}: { run: x, needs: prepare }`);
    const run = await world.run(`jobs: { prepare: { run: x }, ${tests.join(', ')} }`);
    const waiting = (await reasonsOf(run)).find(({ code }) => code === 'needs_open');
    expect(waiting).toMatchObject({ count: 400, holders: [{ jobKey: 'prepare', holds: 400 }], holderCount: 1 });
    expect(waiting?.jobKeys).toHaveLength(20);
  });
});
