// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon, until } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const matrix = (count: number, strategy: string, more = '') => {
  const list = Array.from({ length: count }, (_, n) => n).join(', ');
  return `{ jobs: { test: { run: x, strategy: { matrix: { n: [${list}] }, ${strategy} } ${more} } } }`;
};

const keysOf = (claimed: readonly ClaimedJob[]) => claimed.map(({ jobKey }) => jobKey);

const nextJob = (): Promise<ClaimedJob> => soon(async () => fixture.claim());

/** Claims a number of jobs, waiting until there are enough. */
async function take(count: number): Promise<ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  while (claimed.length < count) claimed.push(await nextJob());
  return claimed;
}

async function inUse(): Promise<number[]> {
  const rows = await fixture.store.read.query("select in_use from gates where key like 'node:%' order by key", []);
  return rows.map(({ in_use }) => Number(in_use));
}

/** Children that are claimable or running. */
async function parallel(): Promise<number> {
  const [row] = await fixture.store.read.query(
    "select count(*) as count from jobs where idx is not null and state in ('queued', 'delayed', 'running')",
    [],
  );
  return Number(row?.count);
}

async function ended(run: string, state = 'success'): Promise<void> {
  await until(`the run is ${state}`, async () => (await fixture.runState(run)) === state);
}

/** Reports that a cancelled job has stopped; the report is refused, like every report on a cancelled job. */
async function stop(job: ClaimedJob): Promise<void> {
  await expect(fixture.fail(job)).rejects.toMatchObject({ reason: 'cancelled' });
}

describe('max-parallel', () => {
  it('limits the children that are claimable or running, and admits the next by index when one ends', async () => {
    const run = await fixture.run(matrix(7, 'max-parallel: 3'));
    const order: string[] = [];
    const running = await take(3);
    for (;;) {
      expect(await fixture.claim()).toBeNull();
      expect(await parallel()).toBe(running.length);
      expect(running.length).toBeLessThanOrEqual(3);
      const job = running.shift();
      if (job === undefined) break;
      order.push(job.jobKey);
      await fixture.complete(job);
      if (order.length + running.length < 7) running.push(await nextJob());
    }
    expect(order).toEqual(['test.0', 'test.1', 'test.2', 'test.3', 'test.4', 'test.5', 'test.6']);
    await ended(run);
    expect(await inUse()).toEqual([0]);
  });

  it('can be an expression, which reads variables and outputs of needs, and stays as it was when a child is retried', async () => {
    await fixture.engine.setVariable({ caller: fixture.caller, name: 'width', value: '2', workflow: '' });
    await fixture.run(matrix(5, "max-parallel: '${{ vars.width }}'", ', retries: 1, env: { W: "${{ vars.width }}" }'));
    await fixture.engine.setVariable({ caller: fixture.caller, name: 'width', value: '4', workflow: '' });
    const [first, second] = (await take(2)) as [ClaimedJob, ClaimedJob];
    expect([first.spec.env.W, second.spec.env.W]).toEqual(['2', '2']);
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(first);
    await take(1);
    expect(await parallel()).toBe(2);
    await fixture.run(`
      jobs:
        list: { run: x }
        test: { needs: list, run: x, strategy: { matrix: { n: [1, 2, 3] }, max-parallel: '\${{ needs.list.outputs.width }}' } }
    `);
    const list = await nextJob();
    expect(list.jobKey).toBe('list');
    await fixture.complete(list, { width: '1' });
    await take(1);
    expect(await fixture.claim()).toBeNull();
    expect(await inUse()).toEqual([2, 1]);
  });

  it.each([
    ['${{ vars.width }}', 'it must be a whole number from 1 to 10000, not null'],
    ['${{ inputs.width }}', 'it must be a whole number from 1 to 10000, not the text "wide"'],
    ['${{ 0 }}', 'it must be a whole number from 1 to 10000, not the number 0'],
  ])('that comes to something else fails the job before it has children: %s', async (text, said) => {
    const run = await fixture.run(matrix(3, `max-parallel: '${text}'`), { width: 'wide' });
    await ended(run, 'failure');
    const [job] = (await fixture.engine.workflowStatus(run)).jobs;
    expect(job?.error).toBe(`strategy.max-parallel: ${said}`);
    expect(await parallel()).toBe(0);
  });

  it('is a limit of each node of each run', async () => {
    const id = await fixture.define(
      '{ jobs: { a: { run: x, strategy: { matrix: { n: [0, 1] }, max-parallel: 1 } }, b: { run: x, strategy: { matrix: { n: [0, 1] }, max-parallel: 1 } } } }',
    );
    await fixture.startRun(id);
    await fixture.startRun(id);
    expect(keysOf(await take(4)).sort()).toEqual(['a.0', 'a.0', 'b.0', 'b.0']);
    expect(await fixture.claim()).toBeNull();
  });

  it('says why a child waits, and appears in no list of groups', async () => {
    const run = await fixture.run(matrix(4, 'max-parallel: 2'));
    await take(2);
    await fixture.environment.advance(5_000);
    const { reasons } = await fixture.engine.explainJob(run, 'test.3');
    expect(reasons[0]).toEqual({
      reason: {
        code: 'held_by_max_parallel',
        jobKey: 'test',
        max: 2,
        inUse: 2,
        sinceMs: expect.any(Number),
        before: 1,
      },
      sentence:
        'It has waited for 5 s for "max-parallel: 2": 2 children of job "test" are claimable or running, and 1 waits before it.',
    });
    expect((await fixture.engine.explainJob(run, 'test')).reasons[0]?.reason.code).toBe('children_open');
    expect((await fixture.engine.listGates({ prefix: '', limit: 10, pageToken: '' })).gates).toEqual([]);
  });

  it('keeps the place of a child through the backoff of its retry', async () => {
    const run = await fixture.run(matrix(2, 'max-parallel: 1', ', retries: 2, backoff: { fixed: { delay: 60 } }'));
    await fixture.fail(await nextJob(), true);
    expect(await fixture.claim()).toBeNull();
    expect(await inUse()).toEqual([1]);
    await fixture.environment.advance(61_000);
    const again = await nextJob();
    expect([again.jobKey, again.attempt]).toEqual(['test.0', 1]);
    await fixture.complete(again);
    await fixture.complete(await nextJob());
    await ended(run);
  });

  it('releases the place of a child with an expired lease, or one released by its worker, only when the child ends', async () => {
    await fixture.run(matrix(3, 'max-parallel: 1, fail-fast: false'));
    const first = await nextJob();
    await fixture.engine.releaseJob(fixture.caller, first.leaseId);
    expect((await nextJob()).jobKey).toBe('test.0');
    await fixture.environment.advance(31_000);
    expect((await nextJob()).jobKey).toBe('test.1');
    expect(await inUse()).toEqual([1]);
  });

  it('gets all places back when the first failure cancels the other children, held or not', async () => {
    const run = await fixture.run(matrix(6, 'max-parallel: 2'));
    const [first, second] = (await take(2)) as [ClaimedJob, ClaimedJob];
    await fixture.fail(first);
    await until('the held children are cancelled', async () => {
      const { jobs } = await fixture.engine.childrenStatus(run, { of: 'test', limit: 10, offset: 0 });
      return jobs.filter(({ status }) => status === 'cancelled').length === 5;
    });
    await fixture.complete(second).catch(() => undefined);
    await ended(run, 'failure');
    expect(await inUse()).toEqual([0]);
    expect(await fixture.claim()).toBeNull();
  });

  it('releases all places when the run is cancelled', async () => {
    const run = await fixture.run(matrix(4, 'max-parallel: 2'));
    const [job] = (await take(1)) as [ClaimedJob];
    await fixture.cancel(run, { force: true });
    await stop(job);
    await ended(run, 'cancelled');
    expect(await inUse()).toEqual([0]);
  });

  it('applies to the children that a re-run runs again', async () => {
    const run = await fixture.run(matrix(4, 'max-parallel: 2, fail-fast: false'));
    for (let at = 0; at < 4; at += 1) await fixture.fail(await nextJob());
    await ended(run, 'failure');
    await fixture.engine.rerunRun({
      caller: fixture.caller,
      id: run,
      failed: true,
      jobs: [],
      dependants: true,
      force: false,
      requestId: null,
      dryRun: false,
    });
    const again = await take(2);
    expect(keysOf(again)).toEqual(['test.0', 'test.1']);
    expect(await fixture.claim()).toBeNull();
    for (const job of again) await fixture.complete(job);
    for (const job of await take(2)) await fixture.complete(job);
    await ended(run);
    expect(await inUse()).toEqual([0]);
  });

  it('comes before the group of the job, so that no child takes a shared place while its node is full', async () => {
    const run = await fixture.run(
      matrix(4, 'max-parallel: 2', ", concurrency: { group: 'odd-${{ job.index }}', max: 1 }"),
    );
    const other = await fixture.run('{ jobs: { other: { run: x, concurrency: odd-3 } } }');
    const claimed = await take(3);
    expect(keysOf(claimed).sort()).toEqual(['other', 'test.0', 'test.1']);
    for (const job of claimed) await fixture.complete(job);
    for (const job of await take(2)) await fixture.complete(job);
    await ended(run);
    await ended(other);
  });

  it('counts a child that another gate holds, also after a recount', async () => {
    const holder = await fixture.run('{ jobs: { holder: { run: x, concurrency: shared } } }');
    const job = await nextJob();
    const run = await fixture.run(matrix(3, 'max-parallel: 2', ', concurrency: shared'));
    await until('two are at the group', async () => (await inUse())[0] === 2);
    await fixture.store.transact(async (connection) => {
      await connection.query("update gates set in_use = 0 where key like 'node:%'", []);
    });
    await fixture.environment.advance(120_000);
    await until('the places are counted again', async () => (await inUse())[0] === 2);
    await fixture.complete(job).catch(() => undefined);
    await until('the holder ended', async () => (await fixture.runState(holder)) !== 'running');
    for (let at = 0; at < 3; at += 1) await fixture.complete(await nextJob());
    await ended(run);
  });

  it('applies to children that are created in several ranges, also across a restart', async () => {
    const list = JSON.stringify(Array.from({ length: 4_500 }, (_, n) => n));
    const run = await fixture.run(
      `{ jobs: { test: { run: x, strategy: { matrix: { n: '\${{ fromJSON(inputs.list) }}' }, max-parallel: 5 } } } }`,
      { list },
    );
    await until('the first are claimable', async () => (await parallel()) > 0);
    await fixture.restart();
    await until('all are made', async () => {
      const [row] = await fixture.store.read.query('select count(*) as count from jobs where idx is not null', []);
      return Number(row?.count) === 4_500;
    });
    const claimed = await take(5);
    expect(keysOf(claimed)).toEqual(['test.0', 'test.1', 'test.2', 'test.3', 'test.4']);
    expect(await fixture.claim()).toBeNull();
    expect(await parallel()).toBe(5);
    await fixture.cancel(run, { force: true });
    for (const job of claimed) await stop(job);
    await ended(run, 'cancelled');
  });
});
