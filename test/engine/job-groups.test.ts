// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, RerunAnswer } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const jobs = (keys: readonly string[], concurrency: string, more = '') =>
  `{ jobs: { ${keys.map((key) => `${key}: { run: x, concurrency: ${concurrency} ${more} }`).join(', ')} } }`;

const named = (claimed: readonly ClaimedJob[]) => claimed.map(({ jobKey }) => jobKey);

/** The key of the next claimable job; waits until there is one. */
async function nextJob(): Promise<ClaimedJob> {
  return soon(async () => fixture.claim());
}

async function inUse(): Promise<Record<string, number>> {
  const rows = await fixture.store.read.query('select key, in_use from gates order by key', []);
  return Object.fromEntries(rows.map(({ key, in_use }) => [String(key), Number(in_use)]));
}

describe('a group of jobs', () => {
  it('has as many claimable jobs as places, and admits the others in turn as places become free', async () => {
    const run = await fixture.run(jobs(['a', 'b', 'c', 'd'], '{ group: warehouse, max: 2 }'));
    const first = await fixture.claimMany(10);
    expect(named(first)).toEqual(['a', 'b']);
    expect(await fixture.statuses(run)).toEqual({ a: 'running', b: 'running', c: 'queued', d: 'queued' });
    expect(await inUse()).toEqual({ 'job:warehouse': 2 });
    for (const job of first) await fixture.complete(job);
    const second = await fixture.claimMany(10);
    expect(named(second)).toEqual(['c', 'd']);
    for (const job of second) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
    expect(await inUse()).toEqual({ 'job:warehouse': 0 });
  });

  it('admits the next when the first that waits is cancelled, for which there was no place', async () => {
    await fixture.run(jobs(['holder'], '{ group: g, max: 1 }'));
    expect((await nextJob()).jobKey).toBe('holder');
    const first = await fixture.run(jobs(['first'], '{ group: g, max: 1 }'));
    await fixture.run(jobs(['next'], '{ group: g, max: 2 }'));
    expect(await fixture.claim()).toBeNull();
    await fixture.cancel(first);
    expect((await nextJob()).jobKey).toBe('next');
    expect(await inUse()).toEqual({ 'job:g': 2 });
  });

  it('serves a waiting claim when a place becomes free', async () => {
    await fixture.run(jobs(['a', 'b'], 'warehouse'));
    const first = await fixture.claimed();
    const waiting = fixture.claimMany(1, { waitMs: 600_000, workerId: 'w2' });
    await fixture.complete(first);
    expect(named(await waiting)).toEqual(['b']);
  });

  it('is shared by workflows, one for each value of its name, and separate from groups of runs', async () => {
    const yaml = (run: string) => `
      ${run}
      inputs: { target: { default: staging } }
      jobs: { ship: { run: x, concurrency: "deploy-\${{ inputs.target }}" } }
    `;
    const one = await fixture.define(yaml(''));
    const other = await fixture.define(yaml('concurrency: deploy-staging'));
    await fixture.startRun(one);
    await fixture.startRun(one, { target: 'production' });
    const third = (await fixture.startRun(other)).runId;
    await soon(async () => (await inUse())['run:deploy-staging'] === 1);
    expect((await fixture.claimMany(10)).length).toBe(2);
    expect((await fixture.engine.explainJob(third, 'ship')).reasons[0]?.reason).toMatchObject({
      code: 'held_by_group',
      ofJobs: true,
    });
  });

  it('evaluates its name with needs and the run', async () => {
    const run = await fixture.run(`
      jobs:
        plan: { run: x }
        load: { run: x, needs: plan, concurrency: { group: "\${{ needs.plan.outputs.table }}-\${{ run.workflow }}", max: 3 } }
    `);
    await fixture.complete(await fixture.claimed(), { table: 'sales' });
    expect((await fixture.claimed()).jobKey).toBe('load');
    expect(await inUse()).toEqual({ 'job:sales-wf-1': 1 });
    await fixture.cancel(run);
  });

  it('fails a job whose group has no name, and names the key', async () => {
    const run = await fixture.run('{ jobs: { ship: { run: x, concurrency: "${{ inputs.target }}" } } }');
    const { reasons } = await fixture.engine.explainJob(run, 'ship');
    expect(reasons[0]?.reason).toMatchObject({
      code: 'expression_failed',
      error: 'concurrency.group: the name of the group is empty',
    });
    expect(await inUse()).toEqual({});
  });

  it('admits the highest priority first, then the longest wait', async () => {
    await fixture.run(jobs(['holder'], 'g'));
    const low = await fixture.run(jobs(['low'], 'g'));
    await fixture.environment.advance(10);
    await fixture.run(jobs(['high'], 'g', ', priority: 5'));
    await fixture.environment.advance(10);
    await fixture.run(jobs(['last'], 'g'));
    const order: string[] = [];
    for (let at = 0; at < 4; at += 1) {
      const job = await nextJob();
      order.push(job.jobKey);
      await fixture.complete(job);
    }
    expect(order).toEqual(['holder', 'high', 'low', 'last']);
    expect(await fixture.runState(low)).toBe('success');
  });

  it('has as many places as the requesting job says, and no job overtakes the first in line', async () => {
    await fixture.run(jobs(['a', 'b'], '{ group: g, max: 2 }'));
    await fixture.environment.advance(10);
    await fixture.run(jobs(['one'], '{ group: g, max: 1 }'));
    await fixture.environment.advance(10);
    await fixture.run(jobs(['three'], '{ group: g, max: 3 }'));
    const first = await fixture.claimMany(10);
    expect(named(first)).toEqual(['a', 'b']);
    const [a, b] = first;
    if (a !== undefined) await fixture.complete(a);
    // The last would fit, but another is ahead of it.
    expect(await fixture.claim()).toBeNull();
    if (b !== undefined) await fixture.complete(b);
    expect(named(await fixture.claimMany(10))).toEqual(['one', 'three']);
  });

  it('counts jobs that arrive together with those that end', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x, concurrency: g }
        b: { run: x, needs: a, concurrency: g }
        c: { run: x, needs: b, if: always(), concurrency: g }
    `);
    for (const key of ['a', 'b', 'c']) {
      const job = await nextJob();
      expect(job.jobKey).toBe(key);
      await fixture.complete(job);
    }
    expect(await fixture.runState(run)).toBe('success');
  });
});

describe('the place of a job', () => {
  /** Two jobs of a group of one: the first runs, the second waits. */
  async function twoJobs(more = ''): Promise<{ run: string; other: string; job: ClaimedJob }> {
    const run = await fixture.run(jobs(['ship'], 'g', more));
    await fixture.environment.advance(10);
    const other = await fixture.run(jobs(['next'], 'g'));
    const job = await fixture.claimed();
    expect(job.jobKey).toBe('ship');
    expect(await fixture.claim()).toBeNull();
    return { run, other, job };
  }

  it('is released when the job fails', async () => {
    const { job } = await twoJobs();
    await fixture.fail(job);
    expect((await nextJob()).jobKey).toBe('next');
  });

  it('is kept through the backoff of a retry and is not taken twice', async () => {
    const { job } = await twoJobs(', retries: 2, backoff: { fixed: { delay: 60 } }');
    await fixture.fail(job, true);
    expect(await fixture.claim()).toBeNull();
    expect(await inUse()).toEqual({ 'job:g': 1 });
    await fixture.environment.advance(61_000);
    const again = await nextJob();
    expect([again.jobKey, again.attempt]).toEqual(['ship', 1]);
    await fixture.complete(again);
    expect((await nextJob()).jobKey).toBe('next');
  });

  it('is kept when the worker releases the job unrun', async () => {
    const { job } = await twoJobs();
    await fixture.engine.releaseJob(fixture.caller, job.leaseId);
    expect((await fixture.claimed()).jobKey).toBe('ship');
    expect(await fixture.claim()).toBeNull();
  });

  it('is released when the lease expires without a retry', async () => {
    const { run } = await twoJobs();
    await fixture.environment.advance(31_000);
    expect(await fixture.runState(run)).toBe('failure');
    expect((await nextJob()).jobKey).toBe('next');
  });

  it('is released when the job times out', async () => {
    const { job } = await twoJobs(', timeout: 5');
    await fixture.environment.advance(6_000);
    await fixture.fail(job);
    expect((await nextJob()).jobKey).toBe('next');
  });

  it('is released by a cancel, whether the job runs, is claimable, is delayed or waits', async () => {
    const { run, job } = await twoJobs(', retries: 2, backoff: { fixed: { delay: 60 } }');
    await fixture.fail(job, true);
    await fixture.cancel(run);
    const next = await nextJob();
    expect(next.jobKey).toBe('next');
    const claimable = await fixture.run(jobs(['third'], 'g'));
    await fixture.environment.advance(10);
    const waiting = await fixture.run(jobs(['fourth'], 'g'));
    await fixture.cancel(waiting);
    expect(await fixture.statuses(waiting)).toEqual({ fourth: 'cancelled' });
    await fixture.complete(next);
    await fixture.cancel(claimable);
    expect(await inUse()).toEqual({ 'job:g': 0 });
    expect(await fixture.claim()).toBeNull();
  });

  it('is released by the cancel of a running job, forced or not', async () => {
    for (const force of [false, true]) {
      const { run, other } = await twoJobs(', if: always()');
      await fixture.cancel(run, { force });
      const next = await nextJob();
      expect(next.jobKey).toBe('next');
      await fixture.complete(next);
      expect(await fixture.runState(other)).toBe('success');
    }
  });

  it('is requested again by a re-run, behind the waiting jobs', async () => {
    const { run, job } = await twoJobs();
    await fixture.environment.advance(10);
    await fixture.fail(job);
    const rerun: RerunAnswer = await fixture.engine.rerunRun({
      caller: fixture.caller,
      id: run,
      failed: true,
      jobs: [],
      dependants: true,
      force: false,
      requestId: null,
      dryRun: false,
    });
    expect(rerun.generation).toBe(2);
    for (const key of ['next', 'ship']) {
      const claimed = await nextJob();
      expect(claimed.jobKey).toBe(key);
      await fixture.complete(claimed);
    }
  });

  it('is released when a re-run of a need resets the job, claimable or held', async () => {
    const run = await fixture.run(`
      jobs:
        plan: { run: x }
        ship: { run: x, needs: plan, concurrency: g }
        tell: { run: x, needs: plan, concurrency: g }
    `);
    await fixture.complete(await fixture.claimed());
    expect(await inUse()).toEqual({ 'job:g': 1 });
    await fixture.engine.rerunRun({
      caller: fixture.caller,
      id: run,
      failed: false,
      jobs: ['plan'],
      dependants: true,
      force: false,
      requestId: null,
      dryRun: false,
    });
    expect(await inUse()).toEqual({ 'job:g': 0 });
    for (const key of ['plan', 'ship', 'tell']) {
      const claimed = await nextJob();
      expect(claimed.jobKey).toBe(key);
      await fixture.complete(claimed);
    }
    expect(await fixture.runState(run)).toBe('success');
  });

  it('survives a restart, and so does the queue', async () => {
    const { job } = await twoJobs();
    await fixture.restart();
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(job);
    expect((await nextJob()).jobKey).toBe('next');
  });

  it('is recounted for the queue: a server of an older version ends jobs without releasing their places', async () => {
    const { job } = await twoJobs();
    await fixture.complete(job);
    await fixture.complete(await nextJob());
    await fixture.store.transact(async (connection) => {
      await connection.query('update gates set in_use = 1', []);
    });
    await fixture.run(jobs(['late'], 'g'));
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(91_000);
    expect((await nextJob()).jobKey).toBe('late');
  });
});

describe('a large run', () => {
  it('has its jobs in a group of one, each in turn', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => `    j${at}: { run: x, concurrency: g }`).join('\n');
    const run = await fixture.run(`  jobs:\n${many}\n`);
    const first = await nextJob();
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(first);
    expect((await nextJob()).jobKey).not.toBe(first.jobKey);
    await fixture.cancel(run);
    expect(await fixture.runState(run)).toBe('cancelled');
    expect(await inUse()).toEqual({ 'job:g': 0 });
  });
});

describe('readers', () => {
  it('see why a job waits: the group, the holders of its places and since when, and the number of jobs ahead', async () => {
    const holder = await fixture.run(jobs(['a'], '{ group: g, max: 1 }'));
    await fixture.environment.advance(10);
    await fixture.run(jobs(['b'], 'g'));
    await fixture.environment.advance(10);
    const waiting = await fixture.run(jobs(['c'], 'g'));
    await fixture.environment.advance(90_000);
    const { reasons, status } = await fixture.engine.explainJob(waiting, 'c');
    expect(status).toBe('queued');
    expect(reasons[0]?.reason).toMatchObject({ code: 'held_by_group', ofJobs: true, max: 1, inUse: 1, before: 1 });
    expect(reasons[0]?.sentence).toBe(
      `It has waited for 1 min 30 s for a place in group "g" (1 at a time): job "a" of run ${holder} of "wf-1" has had it for 1 min 30 s, and 1 job waits before it.`,
    );
    const run = await fixture.engine.explainRun(waiting);
    expect(run.reasons).toMatchObject([{ code: 'held_by_group', status: 'queued', jobKeys: ['c'] }]);
  });

  it('see groups of jobs after groups of runs, and their pages', async () => {
    await fixture.run('{ concurrency: r, jobs: { a: { run: x, concurrency: j } } }');
    await soon(async () => (await inUse())['job:j'] === 1);
    const waiting = await fixture.run(jobs(['b'], 'j'));
    const all = await fixture.engine.listGates({ prefix: '', limit: 10, pageToken: '' });
    expect(all.gates).toMatchObject([
      { ofJobs: false, group: 'r', inUse: 1 },
      {
        ofJobs: true,
        group: 'j',
        inUse: 1,
        holders: [{ jobKey: 'a' }],
        waiting: [{ jobKey: 'b', runId: waiting }],
        waitingTotal: 1,
      },
    ]);
    const first = await fixture.engine.listGates({ prefix: '', limit: 1, pageToken: '' });
    const second = await fixture.engine.listGates({ prefix: '', limit: 1, pageToken: first.nextPageToken });
    expect([...first.gates, ...second.gates].map(({ group }) => group)).toEqual(['r', 'j']);
    expect(second.nextPageToken).toBe('');
  });
});
