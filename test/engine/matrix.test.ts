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

describe('a job with a matrix', () => {
  it('has one child for each combination, which sees its values, and joins their outputs in order', async () => {
    const run = await fixture.run(`
      jobs:
        test:
          strategy: { matrix: { os: [linux, mac], n: [1, 2], exclude: [{ os: mac, n: 2 }] } }
          labels: ['\${{ matrix.os }}']
          env: { WHO: '\${{ job.key }} \${{ job.index }}' }
          run: ./test.sh
        report: { needs: test, env: { ALL: '\${{ needs.test.outputs.x }} of \${{ needs.test.count }}' }, run: ./report.sh }
    `);
    const children = await claimChildren(fixture, 3, ['linux', 'mac']);
    expect(children.map(({ jobKey, spec, child }) => [jobKey, spec.name, spec.labels, spec.env, child])).toEqual([
      ['test.0', 'test (linux, 1)', ['linux'], { WHO: 'test.0 0', MATRIX_OS: 'linux', MATRIX_N: '1' }, childOf(0)],
      ['test.1', 'test (linux, 2)', ['linux'], { WHO: 'test.1 1', MATRIX_OS: 'linux', MATRIX_N: '2' }, childOf(1)],
      ['test.2', 'test (mac, 1)', ['mac'], { WHO: 'test.2 2', MATRIX_OS: 'mac', MATRIX_N: '1' }, childOf(2)],
    ]);
    expect(await fixture.statuses(run)).toEqual({ test: 'running', report: 'queued' });
    const [first, second, third] = children as [ClaimedJob, ClaimedJob, ClaimedJob];
    await fixture.complete(third, { x: 'c' });
    await fixture.complete(second);
    expect((await fixture.engine.workflowStatus(run)).jobs[0]?.children).toEqual({
      total: 3,
      open: 1,
      failed: 0,
      cancelled: 0,
    });
    await fixture.complete(first, { x: 'a', y: 'b' });
    const [report] = await claimChildren(fixture, 1);
    expect(report?.upstreamOutputs.get('test')).toEqual(
      new Map([
        ['x', '["a",null,"c"]'],
        ['y', '["b",null,null]'],
      ]),
    );
    expect(report?.spec.env).toEqual({ ALL: '["a",null,"c"] of 3' });
    await fixture.complete(report as ClaimedJob);
    await untilRun(fixture, run, 'success');
    const page = { id: run, fromOrdinal: 0, limit: 100, states: [], childrenOf: 'test' };
    const listed = await fixture.engine.listRunJobs(page);
    expect(listed.jobs.map(({ state, child }) => [state, child])).toEqual([
      ['success', { name: 'test (linux, 1)', matrix: '{"os":"linux","n":1}' }],
      ['success', { name: 'test (linux, 2)', matrix: '{"os":"linux","n":2}' }],
      ['success', { name: 'test (mac, 1)', matrix: '{"os":"mac","n":1}' }],
    ]);
    const whole = await fixture.engine.listRunJobs({ ...page, childrenOf: '' });
    expect([...whole.nodes]).toEqual([[0, { total: 3, open: 0, failed: 0, cancelled: 0 }]]);
    const { childrenFrom } = await fixture.engine.runGraph(listed.workflowId, 1);
    expect(childrenFrom).toEqual([listed.jobs[0]?.ordinal, 0]);
    await expect(fixture.engine.listRunJobs({ ...page, childrenOf: 'report' })).rejects.toThrow(
      'job "report" with a matrix',
    );
    const details = await fixture.engine.jobDetails(run, 'test.2');
    expect(details.child).toEqual({ group: 'test', index: 2, matrix: '{"os":"mac","n":1}' });
    const shown = await fixture.engine.childrenStatus(run, { of: 'test', limit: 2, offset: 1 });
    expect(shown.jobs.map(({ key, status, spec }) => [key, status, spec.name])).toEqual([
      ['test.1', 'success', 'test (linux, 2)'],
      ['test.2', 'success', 'test (mac, 1)'],
    ]);
  });

  it('takes its axes from the outputs of a need, and shows readers the states of its children', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: ./list.sh }
        test:
          needs: list
          strategy: { matrix: { shard: '\${{ fromJSON(needs.list.outputs.shards) }}' } }
          name: Shard \${{ matrix.shard.id }}
          run: ./test.sh
    `);
    await fixture.complete(await fixture.claimed(), { shards: '[{"id":7},{"id":9}]' });
    const children = await claimChildren(fixture, 2);
    expect(children.map(({ spec }) => [spec.name, spec.env.MATRIX_SHARD])).toEqual([
      ['Shard 7', '{"id":7}'],
      ['Shard 9', '{"id":9}'],
    ]);
    const why = await fixture.engine.explainJob(run, 'test');
    expect(why.reasons[0]?.sentence).toBe('2 of its 2 children have not ended.');
    expect((await fixture.engine.explainJob(run, 'test.1')).reasons[0]?.reason.code).toBe('running');
    for (const child of children) await fixture.complete(child);
    await untilRun(fixture, run, 'success');
    expect((await fixture.engine.explainJob(run, 'test')).reasons[0]?.sentence).toBe(
      'All of its 2 children have ended.',
    );
    await expect(fixture.engine.explainJob(run, 'test.2')).rejects.toThrow('job "test.2" of run');
    expect(await fixture.logOf(run, 'test.1')).toEqual([]);
  });

  it('succeeds without children if there are no combinations', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: ./list.sh }
        test: { needs: list, strategy: { matrix: { n: '\${{ fromJSON(needs.list.outputs.n) }}' } }, run: x }
        after: { needs: test, if: needs.test.count == 0, run: x }
    `);
    await fixture.complete(await fixture.claimed(), { n: '[]' });
    const after = await fixture.claimed();
    expect(after.jobKey).toBe('after');
    await fixture.complete(after);
    await untilRun(fixture, run, 'success');
  });

  it('fails without children if its matrix is invalid', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: ./list.sh }
        test: { needs: list, strategy: { matrix: { n: '\${{ needs.list.outputs.n }}' } }, run: x }
    `);
    await fixture.complete(await fixture.claimed(), { n: 'five' });
    await untilRun(fixture, run, 'failure');
    expect((await fixture.engine.workflowStatus(run)).jobs[1]?.error).toBe(
      'strategy.matrix: n: an axis must be a list, not the text "five"',
    );
  });

  it('cancels the other children once one has failed for good, and fails', async () => {
    const run = await fixture.run(`
      jobs:
        test: { strategy: { matrix: { n: [1, 2, 3, 4] } }, retries: 1, run: x }
        after: { needs: test, run: x }
        clean: { needs: test, if: "always() && needs.test.failed == 1", run: x }
    `);
    const [first, second] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first, true);
    expect((await fixture.statuses(run)).test).toBe('running');
    const [again] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    const retried = again.jobKey === 'test.0' ? again : (await claimChildren(fixture, 1))[0];
    await fixture.fail(retried as ClaimedJob);
    await until('the second is told to stop', async () => {
      return (await fixture.engine.stopReasonOfJob(run, 'test.1')) === 'cancelled';
    });
    expect((await fixture.statuses(run)).test).toBe('running');
    await expect(fixture.complete(second)).rejects.toThrow();
    if (again.jobKey !== 'test.0') await expect(fixture.complete(again)).rejects.toThrow();
    await until('the job has failed', async () => (await fixture.statuses(run)).test === 'failure');
    const [clean] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(clean.jobKey).toBe('clean');
    expect(clean.needs.get('test')?.result).toBe('failure');
    await fixture.complete(clean);
    await untilRun(fixture, run, 'failure');
    expect(await fixture.statuses(run)).toEqual({ test: 'failure', after: 'skipped', clean: 'success' });
    expect((await fixture.engine.workflowStatus(run)).jobs[0]).toMatchObject({
      error: '1 of 4 children failed',
      children: { total: 4, open: 0, failed: 1, cancelled: 3 },
    });
    const failed = again.jobKey === 'test.0' ? again : (retried as ClaimedJob);
    expect((await fixture.engine.explainJob(run, 'test')).reasons[0]?.sentence).toBe(
      `All of its 4 children have ended; 1 failed: ${failed.jobKey} "test (${failed.jobKey === 'test.0' ? 1 : 2})" (it failed); 3 were cancelled.`,
    );
  });

  it('runs all of its children without fail-fast', async () => {
    const run = await fixture.run(`
      jobs:
        test: { strategy: { fail-fast: false, matrix: { n: [1, 2] } }, run: x }
        after: { needs: test, if: always(), run: x }
    `);
    const [first, second] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first);
    await fixture.complete(second, { k: 'v' });
    const [after] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(after.upstreamOutputs.get('test')).toEqual(new Map([['k', '[null,"v"]']]));
    await fixture.complete(after);
    await untilRun(fixture, run, 'failure');
  });

  it('shows the exit codes of its children', async () => {
    const run = await fixture.run('jobs: { test: { strategy: { matrix: { n: [1] } }, run: x } }');
    const [child] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    await fixture.fail(child, false, 'exit status 3', 3);
    const shown = await fixture.engine.childrenStatus(run, { of: 'test', limit: 1, offset: 0 });
    expect(shown.jobs.map(({ exitCode }) => exitCode)).toEqual([3]);
  });

  it('tolerates failures of children with continue-on-error', async () => {
    const run = await fixture.run(`
      jobs:
        test: { strategy: { matrix: { n: [1, 2] } }, continue-on-error: true, run: x }
        after: { needs: test, run: x }
    `);
    const [first, second] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first);
    await fixture.complete(second);
    const [after] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    await fixture.complete(after);
    await untilRun(fixture, run, 'success');
    expect(await fixture.statuses(run)).toEqual({ test: 'failure', after: 'success' });
  });

  it('creates thousands of children in ranges, even if the server restarts in between', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: x }
        test: { needs: list, strategy: { matrix: { n: '\${{ fromJSON(needs.list.outputs.n) }}' } }, run: x }
        after: { needs: test, run: x }
    `);
    const numbers = Array.from({ length: 4_100 }, (_, at) => at);
    await fixture.complete(await fixture.claimed(), { n: JSON.stringify(numbers) });
    await fixture.restart();
    await until('all children exist', async () => {
      const { jobs } = await fixture.engine.childrenStatus(run, { of: 'test', limit: 10, offset: 4_090 });
      return jobs.length === 10;
    });
    for (let left = 4_100; left > 0; ) {
      const children = await claimChildren(fixture, Math.min(left, 100));
      await Promise.all(children.map((child) => fixture.complete(child, { n: child.spec.env.MATRIX_N ?? '' })));
      left -= children.length;
    }
    const [after] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(JSON.parse(after.upstreamOutputs.get('test')?.get('n') ?? '')).toEqual(numbers.map(String));
    await fixture.complete(after);
    await untilRun(fixture, run, 'success');
  }, 120_000);

  it('ends with the cancel of its run once its children have stopped', async () => {
    const run = await fixture.run(`
      jobs:
        test: { strategy: { matrix: { n: [1, 2, 3] } }, run: x }
        clean: { needs: test, if: always(), run: x }
    `);
    const [first] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    await fixture.cancel(run);
    await until('the other children are cancelled', async () => {
      const [job] = (await fixture.engine.workflowStatus(run)).jobs;
      return job?.children?.cancelled === 2;
    });
    expect(await fixture.statuses(run)).toEqual({ test: 'running', clean: 'queued' });
    await expect(fixture.complete(first)).rejects.toThrow();
    const [clean] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(clean.jobKey).toBe('clean');
    await fixture.complete(clean);
    await untilRun(fixture, run, 'cancelled');
    expect((await fixture.engine.workflowStatus(run)).jobs[0]?.children).toMatchObject({ total: 3, cancelled: 3 });
  });

  it('runs after a cancel if its condition allows it', async () => {
    const run = await fixture.run(`
      jobs:
        build: { run: x }
        clean: { needs: build, if: always(), strategy: { matrix: { n: [1, 2] } }, run: x }
    `);
    const build = await fixture.claimed();
    await fixture.cancel(run);
    await expect(fixture.complete(build)).rejects.toThrow();
    const children = await claimChildren(fixture, 2);
    for (const child of children) await fixture.complete(child);
    await untilRun(fixture, run, 'cancelled');
    expect(await fixture.statuses(run)).toEqual({ build: 'cancelled', clean: 'success' });
  });

  it('has a single failed child if an expression of that child has no value', async () => {
    const run = await fixture.run(`
      jobs:
        test:
          strategy: { fail-fast: false, matrix: { n: ['1', 'x'] } }
          labels: ['\${{ fromJSON(matrix.n) }}']
          run: x
    `);
    const [first] = (await claimChildren(fixture, 1, ['1'])) as [ClaimedJob];
    await fixture.complete(first);
    await untilRun(fixture, run, 'failure');
    const { jobs } = await fixture.engine.childrenStatus(run, { of: 'test', limit: 10, offset: 0 });
    expect(jobs.map(({ status, error }) => [status, error])).toEqual([
      ['success', null],
      ['failure', 'labels[0]: fromJSON(): "x" is not JSON'],
    ]);
  });

  it('can need another one; each child then needs all children of the other', async () => {
    const run = await fixture.run(`
      jobs:
        one: { strategy: { matrix: { n: [1, 2] } }, run: x }
        two:
          needs: one
          strategy: { matrix: { m: '\${{ needs.one.outputs.m }}' } }
          run: x
    `);
    for (const child of await claimChildren(fixture, 2))
      await fixture.complete(child, { m: `of ${child.spec.env.MATRIX_N}` });
    const children = await claimChildren(fixture, 2);
    expect(
      children.map(({ spec, upstreamOutputs }) => [spec.env.MATRIX_M, upstreamOutputs.get('one')?.get('m')]),
    ).toEqual([
      ['of 1', '["of 1","of 2"]'],
      ['of 2', '["of 1","of 2"]'],
    ]);
    for (const child of children) await fixture.complete(child);
    await untilRun(fixture, run, 'success');
  });

  it('has children that wait for places in the group of the job, according to their values', async () => {
    const run = await fixture.run(`
      jobs:
        test:
          strategy: { matrix: { db: [a, b], n: [1, 2] } }
          concurrency: { group: 'db-\${{ matrix.db }}', max: 1 }
          run: x
    `);
    const [first, third] = (await claimChildren(fixture, 2)) as [ClaimedJob, ClaimedJob];
    expect([first.jobKey, third.jobKey]).toEqual(['test.0', 'test.2']);
    expect(await fixture.claim()).toBeNull();
    expect((await fixture.engine.explainJob(run, 'test.1')).reasons[0]?.reason.code).toBe('held_by_group');
    await fixture.complete(first);
    const [second] = (await claimChildren(fixture, 1)) as [ClaimedJob];
    expect(second.jobKey).toBe('test.1');
    await fixture.fail(third);
    await until('the fourth is cancelled with the second', async () => {
      const { jobs } = await fixture.engine.childrenStatus(run, { of: 'test', limit: 4, offset: 0 });
      return jobs.filter(({ status }) => status === 'cancelled').length === 2;
    });
    await expect(fixture.complete(second)).rejects.toThrow();
    await untilRun(fixture, run, 'failure');
  });
});

function childOf(index: number) {
  return { group: 'test', ord: 0, index, matrix: expect.any(String) };
}
