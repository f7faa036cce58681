import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunQuery } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { runQuery } from '../support/run-query.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(() => fixture.end());

async function listed(more: Partial<RunQuery>): Promise<string[]> {
  return (await fixture.engine.listRuns(runQuery(more))).runs.map(({ runId }) => runId);
}

describe('listing runs', () => {
  it('by several states and workflows, newest first', async () => {
    const one = await fixture.define('jobs: { a: { run: x } }', 'one');
    const two = await fixture.define('jobs: { a: { run: x } }', 'two');
    const three = await fixture.define('jobs: { a: { run: x } }', 'three');
    const runs: string[] = [];
    for (const id of [one, two, three, one]) runs.push((await fixture.startRun(id)).runId);
    const [a, b, c, d] = runs;
    await fixture.complete(await fixture.claimed());
    await fixture.fail(await fixture.claimed());
    expect(await listed({ states: ['success', 'failure'] })).toEqual([b, a]);
    expect(await listed({ states: ['queued'] })).toEqual([d, c]);
    expect(await listed({ workflows: ['one', 'three'] })).toEqual([d, c, a]);
    expect(await listed({ workflows: ['one', 'two'], states: ['queued', 'failure'] })).toEqual([d, b]);
    await expect(listed({ workflows: ['one', 'none'] })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('by the prefix of a workflow id or of a run id', async () => {
    const run = (await fixture.startRun(await fixture.define('jobs: { a: { run: x } }', 'release'))).runId;
    const other = (await fixture.startRun(await fixture.define('jobs: { a: { run: x } }', 'build'))).runId;
    expect(await listed({ query: 'rel' })).toEqual([run]);
    expect(await listed({ query: other })).toEqual([other]);
    expect((await listed({ query: run.slice(0, 8).toUpperCase() })).includes(run)).toBe(true);
    expect(await listed({ query: run.slice(0, 5) })).toEqual([]);
    expect(await listed({ query: 'nothing' })).toEqual([]);
  });

  it('by creation time', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const runs: { runId: string; createdAtMs: number }[] = [];
    for (let at = 0; at < 3; at++) {
      await fixture.startRun(id);
      const [newest] = (await fixture.engine.listRuns(runQuery({ limit: 1 }))).runs;
      if (newest !== undefined) runs.push(newest);
    }
    const at = runs[1]?.createdAtMs ?? Number.NaN;
    const since = runs.filter((run) => run.createdAtMs >= at).map(({ runId }) => runId);
    const before = runs.filter((run) => run.createdAtMs < at).map(({ runId }) => runId);
    expect(await listed({ createdAfterMs: at })).toEqual(since.reverse());
    expect(await listed({ createdBeforeMs: at })).toEqual(before.reverse());
    expect(await listed({ createdAfterMs: at + 3_600_000 })).toEqual([]);
  });

  it('in pages of any filter, each run once', async () => {
    const one = await fixture.define('jobs: { a: { run: x } }', 'one');
    const two = await fixture.define('jobs: { a: { run: x } }', 'two');
    for (let at = 0; at < 7; at++) await fixture.startRun(at % 2 === 0 ? one : two);
    for (const filter of [{}, { states: ['queued', 'running'] as const }, { workflows: ['one', 'two'] }]) {
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await fixture.engine.listRuns(runQuery({ ...filter, limit: 2, pageToken }));
        seen.push(...page.runs.map(({ runId }) => runId));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen).toEqual(await listed({}));
      expect(seen).toHaveLength(7);
    }
  });

  it('with the number of jobs in each state, the first failure, and the jobs that no worker takes', async () => {
    const yaml =
      'jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: a, if: always() }, d: { run: x, labels: gpu } }';
    const run = await fixture.run(yaml);
    await fixture.fail(await fixture.claimed(), false, '\nexit status 1: refused\nmore of it');
    const [shown] = (await fixture.engine.listRuns(runQuery({ withDetails: true }))).runs;
    expect(shown?.runId).toBe(run);
    expect(shown?.details).toEqual({
      counts: {
        waiting: 0,
        held: 0,
        delayed: 0,
        queued: 2,
        running: 0,
        open: 0,
        success: 0,
        failure: 1,
        skipped: 1,
        cancelled: 0,
      },
      retries: 0,
      tolerated: 0,
      noMatchingWorker: 1,
      firstFailure: { jobKey: 'a', error: 'exit status 1: refused' },
    });
    expect((await fixture.engine.listRuns(runQuery())).runs[0]?.details).toBeNull();
  });
});

describe('listing workflows without their jobs', () => {
  it('with the newest run, the last runs and the median duration of the successful ones', async () => {
    const id = await fixture.define('name: Release\njobs: { a: { run: x } }', 'release');
    await fixture.define('jobs: { a: { run: x } }', 'unrun');
    await fixture.startRun(id);
    await fixture.complete(await fixture.claimed());
    await fixture.startRun(id);
    await fixture.fail(await fixture.claimed());
    const newest = (await fixture.startRun(id)).runId;
    const { workflows, nextPageToken } = await fixture.engine.listWorkflowSummaries({
      limit: 10,
      pageToken: '',
      query: '',
    });
    expect(nextPageToken).toBe('');
    expect(workflows.map((one) => [one.id, one.jobs, one.version, one.recentRuns.length])).toEqual([
      ['release', 1, 1, 3],
      ['unrun', 1, 1, 0],
    ]);
    expect(workflows[0]?.newestRun).toMatchObject({ runId: newest, details: { counts: { queued: 1 } } });
    expect(workflows[0]?.recentRuns.map(({ state }) => state)).toEqual(['queued', 'failure', 'success']);
    expect(workflows[0]).toMatchObject({ endedRuns: 2, succeededRuns: 1, medianDurationMs: expect.any(Number) });
    expect(workflows[1]).toMatchObject({ newestRun: null, medianDurationMs: null });
  });

  it('by a text contained in the id or the name, in pages', async () => {
    await fixture.define('name: The 100% build\njobs: { a: { run: x } }', 'one');
    await fixture.define('jobs: { a: { run: x } }', 'two');
    const ids = async (query: string, limit = 10, pageToken = '') => {
      const page = await fixture.engine.listWorkflowSummaries({ query, limit, pageToken });
      return { ids: page.workflows.map(({ id }) => id), next: page.nextPageToken };
    };
    expect((await ids('100% B')).ids).toEqual(['one']);
    expect((await ids('TW')).ids).toEqual(['two']);
    expect((await ids('%')).ids).toEqual(['one']);
    const first = await ids('', 1);
    expect(first.ids).toEqual(['one']);
    expect(await ids('', 1, first.next)).toEqual({ ids: ['two'], next: '' });
    await expect(ids('', 1, '???')).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a run as columns', () => {
  it('has the graph of its version and the state of each job by ordinal', async () => {
    const yaml = 'jobs: { a: { run: x }, b: { run: x, needs: a, labels: gpu }, c: { run: x, needs: [a, b] } }';
    const run = await fixture.run(yaml);
    const job = await fixture.claimed({ workerId: 'w1' });
    await fixture.complete(job);
    const page = await fixture.engine.listRunJobs({ id: run, fromOrdinal: 0, limit: 10, states: [], childrenOf: '' });
    expect(page.jobs.map(({ ordinal, state, workerId }) => [ordinal, state, workerId])).toEqual([
      [0, 'success', 'w1'],
      [1, 'queued', null],
      [2, 'waiting', null],
    ]);
    expect([page.nextOrdinal, page.lastEvent > 0]).toEqual([null, true]);
    const [ended] = page.jobs;
    expect(ended?.enqueuedAtMs, 'the waiting time is kept').toBe(ended?.startedAtMs);
    const part = await fixture.engine.listRunJobs({ id: run, fromOrdinal: 1, limit: 1, states: [], childrenOf: '' });
    expect([part.jobs.map(({ ordinal }) => ordinal), part.nextOrdinal]).toEqual([[1], 2]);
    const waiting = await fixture.engine.listRunJobs({
      id: run,
      fromOrdinal: 0,
      limit: 10,
      states: ['waiting'],
      childrenOf: '',
    });
    expect(waiting.jobs.map(({ ordinal }) => ordinal)).toEqual([2]);

    const graph = await fixture.engine.runGraph(page.workflowId, page.version);
    expect(graph).toMatchObject({
      keys: ['a', 'b', 'c'],
      needs: [[], [0], [0, 1]],
      labelSets: [[], ['gpu']],
      labelSetIndexes: [0, 1, 0],
    });
    await expect(fixture.engine.runGraph(page.workflowId, 2)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has each job in full, with its attempts', async () => {
    const run = await fixture.run('jobs: { a: { run: make, env: { A: b }, retries: 1 } }');
    await fixture.fail(await fixture.claimed(), true, 'no');
    const found = await fixture.engine.jobDetails(run, 'a');
    expect(found).toMatchObject({ ordinal: 0, runId: run, attemptsTotal: 1, attempts: [{ number: 0, error: 'no' }] });
    expect(found.job.spec.env).toEqual({ A: 'b' });
    await expect(fixture.engine.jobDetails(run, 'none')).rejects.toMatchObject({ code: 'not_found' });
  });
});
