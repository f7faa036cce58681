import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { firstClaimable } from '../../src/store/statements/why.js';
import { EngineFixture } from '../support/engine-fixture.js';

let world: EngineFixture;

beforeEach(async () => {
  world = await new EngineFixture().start();
});

afterEach(() => world.end());

/** The codes of the reasons, and the main sentence. */
async function why(run: string, job: string) {
  const { reasons } = await world.engine.explainJob(run, job);
  const [first] = reasons;
  return { codes: reasons.map(({ reason }) => reason.code), sentence: first?.sentence ?? '', main: first?.reason };
}

const register = (workerId: string, labels: string[], slots = 1, onlyLabelled = false) =>
  world.engine.registerWorker({ workerId, labels, onlyLabelled, slots, version: 'test' });

test('a job with open needs names them', async () => {
  const run = await world.run('jobs: { a: { run: x }, b: { run: x }, c: { run: x, needs: [a, b] } }');
  await world.complete(await world.claimed());
  const open = (await why(run, 'c')).main;
  expect(open).toMatchObject({ code: 'needs_open', open: 1, total: 2, needs: [{ state: 'queued' }] });
});

test('a job whose labels no live worker has names the nearest and the offline workers', async () => {
  await register('gone', ['gpu', 'linux']);
  await world.environment.advance(100_000);
  await register('near', ['linux']);
  const run = await world.run('jobs: { a: { run: x, labels: [gpu, linux] } }');
  expect((await why(run, 'a')).main).toEqual({
    code: 'no_matching_worker',
    requiredLabels: ['gpu', 'linux'],
    unknownLabels: ['gpu'],
    liveWorkers: 1,
    nearest: [{ workerId: 'near', missing: ['gpu'] }],
    offline: [{ workerId: 'gone', seenAtMs: world.environment.now() - 100_000 }],
    draining: [],
    onlyLabelledWorkers: 0,
  });
});

describe('jobs ahead', () => {
  test('are those of the same labels with a higher priority or age', async () => {
    await register('w1', ['gpu']);
    const old = await world.run('jobs: { a: { run: x, labels: [gpu] }, other: { run: x } }');
    await world.environment.advance(10);
    const run = await world.run('jobs: { a: { run: x, labels: [gpu] } }');
    await world.environment.advance(10);
    await world.run('jobs: { urgent: { run: x, labels: [gpu], priority: 5 }, late: { run: x, labels: [gpu] } }');
    expect((await why(old, 'a')).main).toMatchObject({
      ahead: 1,
      aheadIsBound: false,
      matchingWorkers: 1,
      freeWorkers: 1,
    });
    expect((await why(run, 'a')).main).toMatchObject({ ahead: 2, aheadIsBound: false });
  });

  test('are counted up to a thousand, along an index', async () => {
    await register('w1', []);
    const jobs = Array.from({ length: 1_200 }, (_, at) => `j${at}: { run: x }`).join(', ');
    const run = await world.run(`jobs: { ${jobs} }`);
    expect((await why(run, 'j1000')).main).toMatchObject({ ahead: 1_000, aheadIsBound: false });
    expect((await why(run, 'j1001')).main).toMatchObject({ ahead: 1_000, aheadIsBound: true });
    if (world.store.dialect.name !== 'sqlite') return;
    const plan = await world.store.read.query(`explain query plan ${firstClaimable.sql(world.store.dialect)}`, [1, 1]);
    expect(JSON.stringify(plan)).toContain('jobs_claimable');
    expect(JSON.stringify(plan)).not.toContain('TEMP B-TREE');
  });

  test('a worker is busy when all its slots are', async () => {
    await register('w1', [], 2);
    const run = await world.run('jobs: { a: { run: x }, b: { run: x }, c: { run: x } }');
    await world.claimed({ workerId: 'w1' });
    expect((await why(run, 'c')).main).toMatchObject({ matchingWorkers: 1, freeWorkers: 1, ahead: 1 });
    await world.claimed({ workerId: 'w1' });
    expect((await why(run, 'c')).main).toMatchObject({ matchingWorkers: 1, freeWorkers: 0, ahead: 0 });
  });
});

test('retries, delays and the result of a job are explained with each attempt', async () => {
  const run = await world.run('jobs: { a: { run: x, retries: 1 } }');
  await world.fail(await world.claimed(), true, 'first\nmore');
  expect(await why(run, 'a')).toMatchObject({ codes: ['waits_for_worker', 'retried'] });
  await world.fail(await world.claimed({ workerId: 'w2' }), true, 'second');
  const explained = await world.engine.explainJob(run, 'a');
  expect(explained.reasons.map(({ sentence }) => sentence)).toEqual([
    'Attempt 1 on worker "w2" failed (second); its one retry is used up.',
    'It was tried once before (1 retry allowed); attempt 0 on worker "w1" failed (first).',
  ]);
  expect(explained.attempts).toMatchObject([
    { number: 0, workerId: 'w1', outcome: 'failure', error: 'first\nmore' },
    { number: 1, workerId: 'w2', outcome: 'failure', error: 'second' },
  ]);
});

test('a delayed retry reports the end of its delay', async () => {
  const run = await world.run('jobs: { a: { run: x, retries: 1, backoff: { fixed: 30 } } }');
  await world.fail(await world.claimed(), true, 'no network');
  expect(await why(run, 'a')).toMatchObject({
    codes: ['delayed'],
    sentence: 'Attempt 0 failed (no network); the next is delayed for 30 s.',
  });
});

test('a running job reports its worker and the time left of its lease', async () => {
  const run = await world.run('jobs: { a: { run: x, timeout: 100 } }');
  await world.claimed({ workerId: 'w7', leaseTtlSecs: 60 });
  await world.environment.advance(15_000);
  expect((await why(run, 'a')).main).toMatchObject({
    code: 'running',
    workerId: 'w7',
    leaseLeftMs: 45_000,
    timeoutLeftMs: 85_000,
  });
});

test('a timed-out job reports how long its worker has to stop it, and then that it timed out', async () => {
  const run = await world.run('jobs: { a: { run: x, timeout: 5, retries: 1 } }');
  await world.claimed({ workerId: 'w7' });
  await world.environment.advance(8_000);
  expect(await why(run, 'a')).toMatchObject({
    codes: ['running'],
    sentence: 'Attempt 0 has timed out, 8 s after its claim; worker "w7" has another 7 s to stop it.',
  });
  await world.environment.advance(7_001);
  const job = await world.claimed();
  await world.fail(job, false);
  const { reasons } = await world.engine.explainJob(run, 'a');
  expect(reasons.at(-1)?.sentence).toContain('attempt 0 on worker "w7" timed out after 5 s');
});

test('a clean-up job names the cancelled jobs that have not stopped yet', async () => {
  const run = await world.run('jobs: { a: { run: x }, clean: { run: x, needs: a, if: always() } }');
  await world.claimed();
  await world.cancel(run);
  expect(await why(run, 'clean')).toMatchObject({
    codes: ['needs_stopping'],
    main: { needs: [{ jobKey: 'a', state: 'cancelled' }] },
    sentence: 'It waits until jobs that it needs, and that were cancelled, have stopped: "a" was cancelled.',
  });
});

test('a skipped job names the need, and the job that caused the skip', async () => {
  const run = await world.run(`jobs:
  root: { run: x }
  fine: { run: x }
  mid: { run: x, needs: root }
  last: { run: x, needs: [mid, fine] }`);
  await world.fail(await world.claimed());
  await world.complete(await world.claimed());
  expect((await why(run, 'last')).main).toMatchObject({
    code: 'needs_unsuccessful',
    needs: [{ jobKey: 'mid', state: 'skipped' }],
    origins: [{ jobKey: 'root', state: 'failure' }],
  });
  expect((await why(run, 'mid')).main).toMatchObject({ needs: [{ jobKey: 'root', state: 'failure' }], origins: [] });
});

test('a job whose condition was false shows the outputs and inputs that decided it', async () => {
  const run = await world.run(
    `jobs:
  build: { run: x }
  deploy: { run: x, needs: build, if: "needs.build.outputs.v != '1' || inputs.force == 'yes'" }`,
    { force: 'no' },
  );
  await world.complete(await world.claimed(), { v: '1' });
  expect((await why(run, 'deploy')).main).toMatchObject({
    code: 'condition_false',
    values: [
      { text: 'success()', value: true },
      { text: 'needs.build.outputs.v', value: '1' },
      { text: 'inputs.force', value: 'no' },
    ],
  });
});

test('a cancelled job names the token that cancelled its run, and the stopped attempt', async () => {
  const run = await world.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
  await world.claimed({ workerId: 'w1' });
  await world.environment.advance(1_000);
  await world.cancel(run, { caller: { credential: 'tok-1' } });
  const atMs = world.environment.now();
  await world.environment.advance(5_000);
  expect((await why(run, 'a')).main).toEqual({
    code: 'cancelled',
    atMs,
    by: 'tok-1',
    forRerun: false,
    isRunTimeout: false,
    stopped: { attempt: 0, workerId: 'w1', leftMs: 5_000 },
  });
  await world.environment.advance(5_001);
  expect((await why(run, 'a')).main).toMatchObject({ stopped: { attempt: 0, workerId: 'w1', leftMs: null } });
  expect((await why(run, 'b')).main).toEqual({
    code: 'cancelled',
    atMs,
    by: 'tok-1',
    isRunTimeout: false,
    stopped: null,
    forRerun: false,
  });
});

test('an unknown job or run is reported as such', async () => {
  const run = await world.run('jobs: { a: { run: x } }');
  await expect(world.engine.explainJob(run, 'z')).rejects.toMatchObject({ code: 'not_found' });
  await expect(world.engine.explainJob('nowhere', 'a')).rejects.toMatchObject({ code: 'not_found' });
});
