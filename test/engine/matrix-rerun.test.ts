// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { claimChildren, untilRun } from '../support/matrix-children.js';
import { until } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

describe('a re-run of a job with a matrix', () => {
  async function rerun(id: string, more: { failed?: boolean; jobs?: readonly string[]; dryRun?: boolean }) {
    const { failed = false, jobs = [], dryRun = false } = more;
    const choice = { dependants: true, force: false, requestId: null, dryRun };
    return fixture.engine.rerunRun({ caller: fixture.caller, id, failed, jobs, ...choice });
  }

  it('reopens for the failed children, whose attempt numbers continue', async () => {
    const run = await fixture.run(`
      jobs:
        test: { strategy: { fail-fast: false, matrix: { n: [1, 2, 3] } }, run: x }
        after: { needs: test, run: x }
    `);
    const [first, second, third] = (await claimChildren(fixture, 3)) as [ClaimedJob, ClaimedJob, ClaimedJob];
    await fixture.complete(first, { k: 'a' });
    await fixture.fail(second);
    await fixture.complete(third, { k: 'c' });
    await untilRun(fixture, run, 'failure');
    const dry = await rerun(run, { failed: true, dryRun: true });
    expect(dry.again.jobs).toEqual([
      { jobKey: 'after', reason: 'needs a job that runs again' },
      { jobKey: 'test.1', reason: 'did not succeed (failure)' },
    ]);
    const begun = await rerun(run, { failed: true });
    expect(begun.again.jobs.map(({ jobKey }) => jobKey)).toEqual(['after', 'test.1']);
    expect((await fixture.statuses(run)).test).toBe('running');
    const [again] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect([again.jobKey, again.attempt, again.spec.env.MATRIX_N]).toEqual(['test.1', 1, '2']);
    await fixture.complete(again, { k: 'b' });
    const [after] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(after.upstreamOutputs.get('test')?.get('k')).toBe('["a","b","c"]');
    await fixture.complete(after);
    await untilRun(fixture, run, 'success');
  });

  it('reopens for one named child, and not while it is open', async () => {
    const run = await fixture.run('jobs: { test: { strategy: { matrix: { n: [1, 2] } }, run: x } }');
    const children = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.complete(children[0]);
    await expect(rerun(run, { jobs: ['test.0'] })).rejects.toThrow('job "test" is running');
    await fixture.complete(children[1]);
    await untilRun(fixture, run, 'success');
    await rerun(run, { jobs: ['test.0'] });
    const [again] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(again.jobKey).toBe('test.0');
    await fixture.complete(again);
    await untilRun(fixture, run, 'success');
    await expect(rerun(run, { jobs: ['test.2'] })).rejects.toThrow('job "test.2"');
  });

  it('gets new children when its needs run again, even if there are fewer', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: x }
        test: { needs: list, strategy: { matrix: { n: '\${{ fromJSON(needs.list.outputs.n) }}' } }, run: x }
    `);
    await fixture.complete(await fixture.claimed(), { n: '[1,2,3]' });
    for (const child of await claimChildren(fixture, 3)) await fixture.complete(child, { k: 'old' });
    await untilRun(fixture, run, 'success');
    await rerun(run, { jobs: ['list'] });
    await fixture.complete(await fixture.claimed(), { n: '[4,5]' });
    const children = await claimChildren(fixture, 2);
    expect(children.map(({ spec, attempt }) => [spec.env.MATRIX_N, attempt])).toEqual([
      ['4', 1],
      ['5', 1],
    ]);
    for (const child of children) await fixture.complete(child, { k: 'new' });
    await untilRun(fixture, run, 'success');
    const [, test] = (await fixture.engine.workflowStatus(run)).jobs;
    expect([test?.children?.total, test?.outputs.get('k')]).toEqual([2, '["new","new"]']);
    await expect(fixture.engine.jobDetails(run, 'test.2')).rejects.toThrow('job "test.2"');
  });

  it('can be re-run as a whole in a run with a group, once the run has its place again', async () => {
    const run = await fixture.run(`
      concurrency: g
      jobs: { test: { strategy: { fail-fast: false, matrix: { n: [1, 2] } }, run: x } }
    `);
    const [first, second] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first);
    await fixture.complete(second);
    await untilRun(fixture, run, 'failure');
    const other = await fixture.run('{ concurrency: g, jobs: { a: { run: x } } }');
    await until('the other has its place', async () => (await fixture.statuses(other)).a === 'queued');
    await rerun(run, { failed: true });
    expect(await fixture.claimMany(5)).toMatchObject([{ jobKey: 'a' }]);
    await fixture.cancel(other, { force: true });
    const [again] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(again.jobKey).toBe('test.0');
    await fixture.complete(again);
    await untilRun(fixture, run, 'success');
  });

  it('ends when its run is cancelled while that waits for its place again', async () => {
    const run = await fixture.run(`
      concurrency: g
      jobs: { test: { strategy: { fail-fast: false, matrix: { n: [1, 2] } }, run: x } }
    `);
    const [first, second] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first);
    await fixture.complete(second);
    await untilRun(fixture, run, 'failure');
    await fixture.run('{ concurrency: g, jobs: { a: { run: x } } }');
    await rerun(run, { failed: true });
    await fixture.cancel(run);
    await untilRun(fixture, run, 'cancelled');
  });
});
