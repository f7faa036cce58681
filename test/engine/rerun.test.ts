import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RerunRun } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { scaled } from '../support/machine.js';
import { keysOf, rerun } from '../support/rerun.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const chain = `
  jobs:
    build: { run: x }
    test: { run: x, needs: build }
    ship: { run: x, needs: test }
    lint: { run: x }
`;

/** A run of the chain whose `test` failed, and in which no job runs. */
async function failedChain(): Promise<string> {
  const run = await fixture.run(chain);
  const [build, lint] = await fixture.claimMany(2);
  if (build === undefined || lint === undefined) throw new Error('the roots were not claimable');
  await fixture.complete(build, { version: '1.2.3' });
  await fixture.complete(lint);
  await fixture.fail(await fixture.claimed());
  expect(await fixture.runState(run)).toBe('failure');
  return run;
}

describe('a re-run of what failed', () => {
  it('reopens the run, keeps the outputs of successful jobs, and runs failed jobs and their dependents', async () => {
    const run = await failedChain();
    const answer = await rerun(fixture, run);
    expect(answer).toMatchObject({ runId: run, generation: 2, again: { count: 2 } });
    expect(keysOf(answer)).toEqual(['test', 'ship']);
    expect(await fixture.statuses(run)).toEqual({ build: 'success', test: 'queued', ship: 'queued', lint: 'success' });
    const view = (await fixture.engine.workflowStatus(run)).run;
    expect(view).toMatchObject({ state: 'running', endedAtMs: null, openJobs: 2, generation: 2 });
    const test = await fixture.claimed();
    expect([test.jobKey, test.attempt]).toEqual(['test', 1]);
    expect(test.upstreamOutputs).toEqual(new Map([['build', new Map([['version', '1.2.3']])]]));
    await fixture.complete(test);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
  });

  it('gives the jobs all of their retries again, with continuing attempt numbers', async () => {
    const run = await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    await fixture.fail(await fixture.claimed(), true);
    await fixture.fail(await fixture.claimed(), true);
    expect(await fixture.runState(run)).toBe('failure');
    await rerun(fixture, run);
    const third = await fixture.claimed();
    expect(third.attempt).toBe(2);
    await fixture.fail(third, true);
    const fourth = await fixture.claimed();
    expect(fourth.attempt).toBe(3);
    await fixture.fail(fourth, true);
    expect(await fixture.runState(run)).toBe('failure');
    const { reasons } = await fixture.engine.explainJob(run, 'a');
    expect(reasons.map(({ sentence }) => sentence).join(' ')).toMatch(
      /its one retry is used up\. It was tried once before .* It was re-run 0 s ago \(generation 2 of the run\)\./,
    );
  });

  it('revokes the cancel of a run', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.cancel(run);
    expect(await fixture.runState(run)).toBe('cancelled');
    expect(keysOf(await rerun(fixture, run))).toEqual(['test', 'ship', 'lint']);
    const view = await fixture.engine.workflowStatus(run);
    expect(view.run).toMatchObject({ state: 'running', openJobs: 3 });
    for (let job = await fixture.claim(); job !== null; job = await fixture.claim()) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('is not cancelled by a repetition of the cancel that it revoked', async () => {
    const run = await fixture.run(chain);
    await fixture.cancel(run, { requestId: 'cancel-that-is-repeated' });
    await rerun(fixture, run);
    await fixture.cancel(run, { requestId: 'cancel-that-is-repeated' });
    expect(await fixture.runState(run)).toBe('queued');
    await fixture.cancel(run, { requestId: 'another-cancel-of-this-run' });
    expect(await fixture.runState(run)).toBe('cancelled');
  });

  it('of a run in which nothing failed is refused', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.complete(await fixture.claimed());
    await expect(rerun(fixture, run)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('nothing to re-run'),
    });
  });

  it('evaluates conditions again', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x }
        report: { run: x, needs: a, if: failure() }
    `);
    await fixture.fail(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    await rerun(fixture, run);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'success', report: 'skipped' });
    expect(await fixture.runState(run)).toBe('success');
  });

  it('emits events: the re-run first, then each job that waits again', async () => {
    const run = await failedChain();
    const before = (await fixture.store.read.query("select value from counters where name = 'event'", [])) as {
      value: number;
    }[];
    await rerun(fixture, run);
    const batches = fixture.engine.watchRuns(
      { id: run, afterEvent: before[0]?.value ?? 0 },
      AbortSignal.timeout(scaled(60_000)),
    );
    for await (const { events } of batches) {
      expect(events.map(({ type, jobKey }) => `${type} ${jobKey}`.trim())).toEqual([
        'run.rerun',
        'job.waiting test',
        'job.waiting ship',
        'job.queued test',
      ]);
      expect(JSON.parse(events[0]?.data ?? '')).toEqual({ generation: 2, by: null, jobs: 2, chosen: ['test'] });
      break;
    }
  });
});

it('a watch from the first event of a re-run run continues to its final end', async () => {
  const run = await fixture.run('jobs: { a: { run: x } }');
  await fixture.fail(await fixture.claimed());
  await rerun(fixture, run);
  await fixture.complete(await fixture.claimed());
  const types: string[] = [];
  for await (const { events } of fixture.engine.watchRuns({ id: run, afterEvent: 0 }, AbortSignal.timeout(600_000))) {
    types.push(...events.map(({ type }) => type).filter((type) => type.startsWith('run.')));
  }
  expect(types).toEqual(['run.queued', 'run.running', 'run.failure', 'run.rerun', 'run.success']);
});

describe('a re-run of named jobs', () => {
  it('also runs their dependents, unless told otherwise', async () => {
    const run = await failedChain();
    expect(keysOf(await rerun(fixture, run, { jobs: ['build'] }))).toEqual(['build', 'test', 'ship']);
    await fixture.complete(await fixture.claimed());
    await fixture.fail(await fixture.claimed());
    const alone = await rerun(fixture, run, { jobs: ['build'], dependants: false });
    expect([alone.generation, ...keysOf(alone)]).toEqual([3, 'build']);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'queued', test: 'failure', ship: 'skipped' });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('may begin while the run is live, and is refused while one of the jobs or a dependent is running', async () => {
    const run = await fixture.run(chain);
    const [build, lint] = await fixture.claimMany(2);
    if (build === undefined || lint === undefined) throw new Error('the roots were not claimable');
    await expect(rerun(fixture, run, { jobs: ['build'] })).rejects.toMatchObject({
      code: 'conflict',
      reason: 'job_running',
    });
    await fixture.complete(build);
    const test = await fixture.claimed();
    await expect(rerun(fixture, run, { jobs: ['build'] })).rejects.toMatchObject({
      code: 'conflict',
      reason: 'dependant_running',
      message: expect.stringContaining('job "test"'),
    });
    await fixture.fail(test);
    expect(await fixture.statuses(run)).toMatchObject({ ship: 'skipped', lint: 'running' });
    await rerun(fixture, run, { jobs: ['build'] });
    await fixture.complete(lint);
    for (let job = await fixture.claim(); job !== null; job = await fixture.claim()) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('makes claimable dependents wait for them again', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.environment.advance(1);
    await rerun(fixture, run, { jobs: ['build'], dependants: false });
    const left = await fixture.claimMany(10);
    expect(left.map(({ jobKey }) => jobKey)).toEqual(['lint', 'build']);
    for (const job of left) await fixture.complete(job);
    expect((await fixture.claimed()).jobKey).toBe('test');
  });

  it('with force cancels a running dependent, waits until it has stopped, and runs it again', async () => {
    const run = await fixture.run(chain);
    const [build, lint] = await fixture.claimMany(2);
    if (build === undefined || lint === undefined) throw new Error('the roots were not claimable');
    await fixture.complete(build);
    const test = await fixture.claimed();
    const begun = rerun(fixture, run, { jobs: ['build'], force: true });
    let isBegun = false;
    void begun.then(() => {
      isBegun = true;
    });
    while ((await fixture.engine.stopReasonOfJob(run, 'test')) === null) await fixture.environment.advance(1);
    await fixture.environment.advance(500);
    expect(isBegun).toBe(false);
    await expect(fixture.complete(test)).rejects.toMatchObject({ code: 'conflict', reason: 'cancelled' });
    while (!isBegun) await fixture.environment.advance(100);
    expect(keysOf(await begun)).toEqual(['build', 'test', 'ship']);
    await fixture.complete(lint);
    const again: [string, number][] = [];
    for (let job = await fixture.claim(); job !== null; job = await fixture.claim()) {
      again.push([job.jobKey, job.attempt]);
      await fixture.complete(job);
    }
    expect(again).toEqual([
      ['build', 1],
      ['test', 1],
      ['ship', 0],
    ]);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('is refused while a cancelled job among them has not stopped', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    const a = await fixture.claimed();
    await fixture.cancel(run);
    await expect(rerun(fixture, run)).rejects.toMatchObject({ code: 'conflict', reason: 'job_running' });
    await expect(fixture.fail(a)).rejects.toMatchObject({ reason: 'cancelled' });
    await rerun(fixture, run);
    expect((await fixture.claimed()).attempt).toBe(1);
  });

  it('is refused while another cancelled job of the run has not stopped, even if its needs did not wait for it', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: b } }');
    const a = await fixture.claimed();
    await fixture.cancel(run);
    const refused = {
      code: 'conflict',
      reason: 'job_running',
      message: expect.stringContaining('job "a" was cancelled'),
    };
    await expect(rerun(fixture, run, { jobs: ['c'] })).rejects.toMatchObject(refused);
    await expect(rerun(fixture, run, { jobs: ['c'], dryRun: true })).rejects.toMatchObject(refused);
    await expect(fixture.complete(a)).rejects.toMatchObject({ reason: 'cancelled' });
    expect(keysOf(await rerun(fixture, run, { jobs: ['c'] }))).toEqual(['c']);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', b: 'cancelled', c: 'skipped' });
  });

  it('with force waits until every cancelled job of the run has stopped', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await fixture.claimed();
    await fixture.cancel(run);
    const begun = rerun(fixture, run, { jobs: ['b'], force: true });
    let isBegun = false;
    void begun.then(() => {
      isBegun = true;
    });
    await fixture.environment.advance(5_000);
    expect(isBegun).toBe(false);
    while (!isBegun) await fixture.environment.advance(100);
    expect(keysOf(await begun)).toEqual(['b']);
    expect((await fixture.claimed()).jobKey).toBe('b');
  });

  it('without dependents is refused while a dependent is running; with force that one is cancelled and stays cancelled', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a, retries: 3 } }');
    await fixture.complete(await fixture.claimed());
    const b = await fixture.claimed();
    const only = { jobs: ['a'], dependants: false };
    await expect(rerun(fixture, run, only)).rejects.toMatchObject({
      reason: 'dependant_running',
      message: expect.stringContaining('use "force"'),
    });
    const begun = rerun(fixture, run, { ...only, force: true });
    while ((await fixture.engine.stopReasonOfJob(run, 'b')) === null) await fixture.environment.advance(1);
    await expect(fixture.complete(b)).rejects.toMatchObject({ reason: 'cancelled' });
    let isBegun = false;
    void begun.then(() => {
      isBegun = true;
    });
    while (!isBegun) await fixture.environment.advance(100);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'cancelled' });
  });

  it("does not make a stopping dependent wait for it: the dependent's own end counts", async () => {
    const run = await fixture.run(
      'jobs: { a: { run: x }, b: { run: x, needs: a }, tidy: { run: x, needs: b, if: always() }, other: { run: x } }',
    );
    const [a, other] = await fixture.claimMany(2);
    if (a === undefined || other === undefined) throw new Error('the roots were not claimable');
    await fixture.complete(a);
    const b = await fixture.claimed();
    void rerun(fixture, run, { jobs: ['a'], force: true }).catch(() => {});
    while ((await fixture.engine.stopReasonOfJob(run, 'b')) === null) await fixture.environment.advance(1);
    await rerun(fixture, run, { jobs: ['a'], dependants: false });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.claim()).toBeNull();
    await expect(fixture.complete(b)).rejects.toMatchObject({ reason: 'cancelled' });
    expect((await fixture.statuses(run)).tidy).toBe('queued');
    expect(await fixture.claim()).not.toBeNull();
  });

  it.each<[string, Partial<RerunRun>, object]>([
    ['nothing', { failed: false, jobs: [] }, { code: 'malformed' }],
    ['both ways', { failed: true, jobs: ['build'] }, { code: 'malformed' }],
    ['an unknown job', { jobs: ['biuld'] }, { code: 'not_found', message: expect.stringContaining('"biuld"') }],
  ])('of %s is refused', async (_, more, error) => {
    const run = await failedChain();
    await expect(rerun(fixture, run, more)).rejects.toMatchObject(error);
  });
});

describe('a repeated re-run', () => {
  it('with the same request id changes nothing more', async () => {
    const run = await failedChain();
    const first = await rerun(fixture, run, { requestId: 'rerun-that-is-repeated' });
    await fixture.complete(await fixture.claimed());
    const again = await rerun(fixture, run, { requestId: 'rerun-that-is-repeated' });
    expect(again).toEqual(first);
    expect(await fixture.statuses(run)).toMatchObject({ test: 'success', ship: 'queued' });
  });

  it('with dry_run changes nothing, and returns what runs again, what stays and what is skipped, and why', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x }
        b: { run: x }
        c: { run: x, needs: [a, b] }
        d: { run: x }
    `);
    const jobs = await fixture.claimMany(3);
    for (const job of jobs) {
      if (job.jobKey === 'd') await fixture.complete(job);
      else await fixture.fail(job);
    }
    const tried = await rerun(fixture, run, { jobs: ['a'], dryRun: true });
    expect(tried).toEqual({
      runId: run,
      generation: 2,
      again: { jobs: [{ jobKey: 'a', reason: 'was requested (failure)' }], count: 1 },
      kept: {
        jobs: [
          { jobKey: 'b', reason: 'was not requested (failure)' },
          { jobKey: 'd', reason: 'succeeded; its outputs are kept' },
        ],
        count: 2,
      },
      skipped: { jobs: [{ jobKey: 'c', reason: 'has no "if", and its need "b" does not succeed' }], count: 1 },
    });
    expect(await fixture.runState(run)).toBe('failure');
    await rerun(fixture, run, { jobs: ['a'] });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'failure', c: 'skipped', d: 'success' });
  });
});
