import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RerunAnswer, RerunRun } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { scaled } from '../support/machine.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

function rerun(id: string, more: Partial<RerunRun> = {}): Promise<RerunAnswer> {
  return fixture.engine.rerunRun({
    caller: fixture.caller,
    id,
    failed: more.jobs === undefined,
    jobs: [],
    dependants: true,
    force: false,
    requestId: null,
    dryRun: false,
    ...more,
  });
}

const keysOf = ({ again }: RerunAnswer) => again.jobs.map(({ jobKey }) => jobKey);

const chain = `
  jobs:
    build: { run: x }
    test: { run: x, needs: build }
    ship: { run: x, needs: test }
    lint: { run: x }
`;

/** A run of the chain whose `test` failed, and in which nothing runs. */
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
  it('opens the run again, keeps the outputs of what succeeded, and runs failed jobs and those that need them', async () => {
    const run = await failedChain();
    const answer = await rerun(run);
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

  it('gives the jobs all of their retries again, with attempts that count on', async () => {
    const run = await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    await fixture.fail(await fixture.claimed(), true);
    await fixture.fail(await fixture.claimed(), true);
    expect(await fixture.runState(run)).toBe('failure');
    await rerun(run);
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

  it('takes the cancel of a run back', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.cancel(run);
    expect(await fixture.runState(run)).toBe('cancelled');
    expect(keysOf(await rerun(run))).toEqual(['test', 'ship', 'lint']);
    const view = await fixture.engine.workflowStatus(run);
    expect(view.run).toMatchObject({ state: 'running', openJobs: 3 });
    for (let job = await fixture.claim(); job !== null; job = await fixture.claim()) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('is not cancelled by the cancel that it took back, when that arrives once more', async () => {
    const run = await fixture.run(chain);
    await fixture.cancel(run, { requestId: 'cancel-that-is-repeated' });
    await rerun(run);
    await fixture.cancel(run, { requestId: 'cancel-that-is-repeated' });
    expect(await fixture.runState(run)).toBe('queued');
    await fixture.cancel(run, { requestId: 'another-cancel-of-this-run' });
    expect(await fixture.runState(run)).toBe('cancelled');
  });

  it('of a run in which nothing failed is refused', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.complete(await fixture.claimed());
    await expect(rerun(run)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('nothing to re-run'),
    });
  });

  it('decides conditions anew', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x }
        report: { run: x, needs: a, if: failure() }
    `);
    await fixture.fail(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    await rerun(run);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'success', report: 'skipped' });
    expect(await fixture.runState(run)).toBe('success');
  });

  it('emits events: the re-run first, then each job that waits again', async () => {
    const run = await failedChain();
    const before = (await fixture.store.read.query("select value from counters where name = 'event'", [])) as {
      value: number;
    }[];
    await rerun(run);
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

it('a watch from the first event of a re-run run continues to its last end', async () => {
  const run = await fixture.run('jobs: { a: { run: x } }');
  await fixture.fail(await fixture.claimed());
  await rerun(run);
  await fixture.complete(await fixture.claimed());
  const types: string[] = [];
  for await (const { events } of fixture.engine.watchRuns({ id: run, afterEvent: 0 }, AbortSignal.timeout(600_000))) {
    types.push(...events.map(({ type }) => type).filter((type) => type.startsWith('run.')));
  }
  expect(types).toEqual(['run.queued', 'run.running', 'run.failure', 'run.rerun', 'run.success']);
});

describe('a re-run of named jobs', () => {
  it('runs what needs them too, unless dependents are left as they are', async () => {
    const run = await failedChain();
    expect(keysOf(await rerun(run, { jobs: ['build'] }))).toEqual(['build', 'test', 'ship']);
    await fixture.complete(await fixture.claimed());
    await fixture.fail(await fixture.claimed());
    const alone = await rerun(run, { jobs: ['build'], dependants: false });
    expect([alone.generation, ...keysOf(alone)]).toEqual([3, 'build']);
    expect(await fixture.statuses(run)).toMatchObject({ build: 'queued', test: 'failure', ship: 'skipped' });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('may begin while the run is live, and is refused while one of them, or one that needs them, runs', async () => {
    const run = await fixture.run(chain);
    const [build, lint] = await fixture.claimMany(2);
    if (build === undefined || lint === undefined) throw new Error('the roots were not claimable');
    await expect(rerun(run, { jobs: ['build'] })).rejects.toMatchObject({ code: 'conflict', reason: 'job_running' });
    await fixture.complete(build);
    const test = await fixture.claimed();
    await expect(rerun(run, { jobs: ['build'] })).rejects.toMatchObject({
      code: 'conflict',
      reason: 'dependant_running',
      message: expect.stringContaining('job "test"'),
    });
    await fixture.fail(test);
    expect(await fixture.statuses(run)).toMatchObject({ ship: 'skipped', lint: 'running' });
    await rerun(run, { jobs: ['build'] });
    await fixture.complete(lint);
    for (let job = await fixture.claim(); job !== null; job = await fixture.claim()) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('lets jobs that were claimable wait for them again', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.environment.advance(1);
    await rerun(run, { jobs: ['build'], dependants: false });
    const left = await fixture.claimMany(10);
    expect(left.map(({ jobKey }) => jobKey)).toEqual(['lint', 'build']);
    for (const job of left) await fixture.complete(job);
    expect((await fixture.claimed()).jobKey).toBe('test');
  });

  it('with force cancels a dependent that runs, waits until it has stopped, and runs it again', async () => {
    const run = await fixture.run(chain);
    const [build, lint] = await fixture.claimMany(2);
    if (build === undefined || lint === undefined) throw new Error('the roots were not claimable');
    await fixture.complete(build);
    const test = await fixture.claimed();
    const begun = rerun(run, { jobs: ['build'], force: true });
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

  it('is refused while a cancelled job of them has not stopped', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    const a = await fixture.claimed();
    await fixture.cancel(run);
    await expect(rerun(run)).rejects.toMatchObject({ code: 'conflict', reason: 'job_running' });
    await expect(fixture.fail(a)).rejects.toMatchObject({ reason: 'cancelled' });
    await rerun(run);
    expect((await fixture.claimed()).attempt).toBe(1);
  });

  it('is refused while another cancelled job of the run has not stopped, which its needs did not wait for', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: b } }');
    const a = await fixture.claimed();
    await fixture.cancel(run);
    const refused = {
      code: 'conflict',
      reason: 'job_running',
      message: expect.stringContaining('job "a" was cancelled'),
    };
    await expect(rerun(run, { jobs: ['c'] })).rejects.toMatchObject(refused);
    await expect(rerun(run, { jobs: ['c'], dryRun: true })).rejects.toMatchObject(refused);
    await expect(fixture.complete(a)).rejects.toMatchObject({ reason: 'cancelled' });
    expect(keysOf(await rerun(run, { jobs: ['c'] }))).toEqual(['c']);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', b: 'cancelled', c: 'skipped' });
  });

  it('with force waits until every cancelled job of the run has stopped', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await fixture.claimed();
    await fixture.cancel(run);
    const begun = rerun(run, { jobs: ['b'], force: true });
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

  it('without dependents is refused while a job that needs them runs; with force that one is cancelled and stays so', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a, retries: 3 } }');
    await fixture.complete(await fixture.claimed());
    const b = await fixture.claimed();
    const only = { jobs: ['a'], dependants: false };
    await expect(rerun(run, only)).rejects.toMatchObject({
      reason: 'dependant_running',
      message: expect.stringContaining('use "force"'),
    });
    const begun = rerun(run, { ...only, force: true });
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

  it('does not make a stopping dependent wait for it: its own end is what counts', async () => {
    const run = await fixture.run(
      'jobs: { a: { run: x }, b: { run: x, needs: a }, tidy: { run: x, needs: b, if: always() }, other: { run: x } }',
    );
    const [a, other] = await fixture.claimMany(2);
    if (a === undefined || other === undefined) throw new Error('the roots were not claimable');
    await fixture.complete(a);
    const b = await fixture.claimed();
    void rerun(run, { jobs: ['a'], force: true }).catch(() => {});
    while ((await fixture.engine.stopReasonOfJob(run, 'b')) === null) await fixture.environment.advance(1);
    await rerun(run, { jobs: ['a'], dependants: false });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.claim()).toBeNull();
    await expect(fixture.complete(b)).rejects.toMatchObject({ reason: 'cancelled' });
    expect((await fixture.statuses(run)).tidy).toBe('queued');
    expect(await fixture.claim()).not.toBeNull();
  });

  it.each<[string, Partial<RerunRun>, object]>([
    ['nothing', { failed: false, jobs: [] }, { code: 'malformed' }],
    ['both ways', { failed: true, jobs: ['build'] }, { code: 'malformed' }],
    [
      'a job that is not there',
      { jobs: ['biuld'] },
      { code: 'not_found', message: expect.stringContaining('"biuld"') },
    ],
  ])('that choose %s is refused', async (_, more, error) => {
    const run = await failedChain();
    await expect(rerun(run, more)).rejects.toMatchObject(error);
  });
});

describe('the same re-run', () => {
  it('that is sent again with its request id changes nothing more', async () => {
    const run = await failedChain();
    const first = await rerun(run, { requestId: 'rerun-that-is-repeated' });
    await fixture.complete(await fixture.claimed());
    const again = await rerun(run, { requestId: 'rerun-that-is-repeated' });
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
    const tried = await rerun(run, { jobs: ['a'], dryRun: true });
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
    await rerun(run, { jobs: ['a'] });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'failure', c: 'skipped', d: 'success' });
  });
});

describe('a dry run with force', () => {
  const chain = 'jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: b } }';

  it('names the running dependents that are cancelled first, and cancels nothing', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    const b = await fixture.claimed();
    await expect(rerun(run, { jobs: ['a'], dryRun: true })).rejects.toMatchObject({ reason: 'dependant_running' });
    const tried = await rerun(run, { jobs: ['a'], dryRun: true, force: true });
    expect(tried.again.jobs).toEqual([
      { jobKey: 'a', reason: 'was requested (success)' },
      { jobKey: 'b', reason: 'needs a job that runs again; it has not ended and is cancelled first' },
      { jobKey: 'c', reason: 'needs a job that runs again' },
    ]);
    await fixture.complete(b);
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'success', c: 'queued' });
  });

  it('without dependents says that a running one stays cancelled', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.claimed();
    const tried = await rerun(run, { jobs: ['a'], dependants: false, dryRun: true, force: true });
    expect(keysOf(tried)).toEqual(['a']);
    expect(tried.kept.jobs[0]).toEqual({
      jobKey: 'b',
      reason: 'needs a job that runs again; it has not ended, is cancelled first, and stays cancelled',
    });
  });
});

describe('a large re-run', () => {
  const wide = ['jobs:', '  first: { run: x }']
    .concat(Array.from({ length: 2_100 }, (_, at) => `  j${at}: { run: x, needs: first }`))
    .join('\n');

  it('resets its jobs in ranges, of which nothing is claimable before the last', async () => {
    const run = await fixture.run(wide);
    await fixture.fail(await fixture.claimed());
    for (let tries = 0; (await fixture.runState(run)) !== 'failure' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    const answer = await rerun(run);
    expect(answer.again.count).toBe(2_101);
    expect(answer.again.jobs).toHaveLength(1_000);
    const first = await fixture.claimed();
    expect(first.jobKey).toBe('first');
    await fixture.complete(first);
    expect(await fixture.claimMany(5_000)).toHaveLength(2_100);
  });

  it('resumes after a crash', async () => {
    const run = await fixture.run(wide);
    await fixture.fail(await fixture.claimed());
    for (let tries = 0; (await fixture.runState(run)) !== 'failure' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    const { writer } = fixture.engine.context;
    const submit = writer.submit.bind(writer);
    // As if the process ended after the first range.
    writer.submit = ((operation, input) =>
      operation.name === 'rerun-range' ? new Promise(() => {}) : submit(operation, input)) as typeof submit;
    void rerun(run, { requestId: 'rerun-that-a-crash-cuts-short' });
    const mark = 'select rerun_from as mark from runs';
    for (;;) {
      const [row] = (await fixture.store.read.query(mark, [])) as { mark: number | null }[];
      if (row?.mark !== null) break;
      await fixture.environment.advance(1);
    }
    expect(await fixture.claim()).toBeNull();
    await fixture.restart();
    const answer = await rerun(run, { requestId: 'rerun-that-a-crash-cuts-short' });
    expect([answer.generation, answer.again.count]).toEqual([2, 2_101]);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.claimMany(5_000)).toHaveLength(2_100);
  });

  it('is refused while the run is live', async () => {
    const run = await fixture.run(`${wide}\n  last: { run: x }`);
    const [first, last] = await fixture.claimMany(2);
    if (first === undefined || last === undefined) throw new Error('the roots were not claimable');
    await fixture.fail(first);
    for (let tries = 0; (await fixture.statuses(run)).j2099 !== 'skipped' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    await expect(rerun(run)).rejects.toMatchObject({ code: 'conflict', reason: 'job_running' });
  });
});

it('a run that is started by a run’s id repeats it: with its inputs, and says which', async () => {
  const id = await fixture.define('jobs: { a: { run: x } }');
  const { runId } = await fixture.startRun(id, { branch: 'main' });
  const again = await fixture.startRun(runId);
  const view = (await fixture.engine.workflowStatus(again.runId)).run;
  expect(view).toMatchObject({ rerunOf: runId, inputs: new Map([['branch', 'main']]), generation: 1 });
  const other = await fixture.startRun(runId, { branch: 'next' });
  expect((await fixture.engine.workflowStatus(other.runId)).run?.inputs).toEqual(new Map([['branch', 'next']]));
  expect((await fixture.engine.workflowStatus(runId)).run?.rerunOf).toBeNull();
});
