// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, PauseSubject } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon, until } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const nextJob = (): Promise<ClaimedJob> => soon(async () => fixture.claim());

const pause = (kind: PauseSubject['kind'], subject: string, reason = '') =>
  fixture.engine.pause({ caller: fixture.caller, kind, subject, reason });

const resume = (kind: PauseSubject['kind'], subject: string) =>
  fixture.engine.resume({ caller: fixture.caller, kind, subject });

const rerunOf = (id: string) => ({
  caller: fixture.caller,
  id,
  failed: false,
  jobs: [],
  dependants: true,
  force: false,
  requestId: null,
  dryRun: false,
});

async function actions(): Promise<string[]> {
  const rows = await fixture.store.read.query('select action from audit order by no', []);
  return rows.map(({ action }) => String(action)).filter((action) => /paused|resumed/.test(action));
}

async function inUse(): Promise<Record<string, number>> {
  const rows = await fixture.store.read.query(
    "select key, in_use from gates where key not like 'paused:%' order by key",
    [],
  );
  return Object.fromEntries(rows.map(({ key, in_use }) => [String(key), Number(in_use)]));
}

async function ended(run: string, state = 'success'): Promise<void> {
  await until(`the run is ${state}`, async () => (await fixture.runState(run)) === state);
}

describe('a pause', () => {
  it('is listed with its reason, stays unchanged when requested again, and is in the audit log once', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x } } }');
    const first = await pause('run', run, 'wait');
    await fixture.environment.advance(1_000);
    expect(await pause('run', run, 'other')).toEqual(first);
    expect(await pause('label', 'gpu')).toMatchObject({ kind: 'label', subject: 'gpu', reason: '' });
    expect((await fixture.engine.listPauses()).map(({ kind, subject }) => [kind, subject])).toEqual([
      ['label', 'gpu'],
      ['run', run],
    ]);
    await resume('run', run);
    await resume('run', run);
    await resume('label', 'gpu');
    expect(await fixture.engine.listPauses()).toEqual([]);
    expect(await actions()).toEqual(['run.paused', 'label.paused', 'run.resumed', 'label.resumed']);
  });

  it('is refused for an unknown subject, and for a run that has ended', async () => {
    await expect(pause('workflow', 'nothing')).rejects.toMatchObject({ code: 'not_found' });
    await expect(pause('run', 'nothing')).rejects.toMatchObject({ code: 'not_found' });
    const run = await fixture.run('{ jobs: { a: { run: x } } }');
    await fixture.complete(await fixture.claimed());
    await expect(pause('run', run)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a paused run', () => {
  it('hands out no jobs, lets running jobs finish, and continues when it is resumed', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x }, b: { run: x }, c: { run: x, needs: a } } }');
    const a = await fixture.claimed();
    await pause('run', run, 'a fix comes');
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(a);
    expect(await fixture.claim()).toBeNull();
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'queued', c: 'queued' });
    await fixture.environment.advance(5_000);
    const { reasons } = await fixture.engine.explainJob(run, 'c');
    expect(reasons[0]).toMatchObject({
      reason: { code: 'paused', kind: 'run', subject: run, reason: 'a fix comes', by: null },
      sentence: 'Its run was paused 5 s ago: a fix comes.',
    });
    expect((await fixture.engine.explainRun(run)).reasons).toMatchObject([{ code: 'paused', count: 2 }]);
    await resume('run', run);
    expect((await fixture.claimMany(5)).map(({ jobKey }) => jobKey)).toEqual(['b', 'c']);
  });

  it('serves a waiting claim when it is resumed', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x } } }');
    await pause('run', run);
    const waiting = fixture.claimMany(1, { waitMs: 600_000, workerId: 'w2' });
    await resume('run', run);
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['a']);
  });

  it('does not hand a job to a waiting claim when the job becomes claimable', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x }, b: { run: x, needs: a } } }');
    const a = await fixture.claimed();
    await pause('run', run);
    const waiting = fixture.claimMany(1, { waitMs: 600_000, workerId: 'w2' });
    await fixture.complete(a);
    const other = await fixture.run('{ jobs: { other: { run: x } } }');
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['other']);
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'queued' });
    expect(await fixture.runState(other)).toBe('running');
  });

  it.each(['released', 'lost', 'retried'])('holds a job that is %s', async (how) => {
    const run = await fixture.run('{ jobs: { a: { run: x, retries: 3, backoff: { fixed: { delay: 5 } } } } }');
    const a = await fixture.claimed();
    await pause('run', run);
    if (how === 'released') await fixture.engine.releaseJob(fixture.caller, a.leaseId);
    if (how === 'retried') await fixture.fail(a, true);
    await fixture.environment.advance(40_000);
    expect(await fixture.claim()).toBeNull();
    expect((await fixture.engine.explainJob(run, 'a')).reasons[0]?.reason.code).toBe('paused');
    await resume('run', run);
    const again = await nextJob();
    expect([again.jobKey, again.attempt]).toEqual(['a', how === 'released' ? 0 : 1]);
    await fixture.complete(again);
    await ended(run);
  });

  it('releases the places of the jobs that it holds, which are requested again when it is resumed', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x, concurrency: g }, b: { run: x, concurrency: g } } }');
    await fixture.environment.advance(10);
    const other = await fixture.run('{ jobs: { next: { run: x, concurrency: g } } }');
    await pause('run', run);
    const next = await nextJob();
    expect(next.jobKey).toBe('next');
    expect(await inUse()).toEqual({ 'job:g': 1 });
    await resume('run', run);
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(next);
    for (const key of ['a', 'b']) {
      const job = await nextJob();
      expect(job.jobKey).toBe(key);
      await fixture.complete(job);
    }
    await ended(run);
    await ended(other);
    expect(await inUse()).toEqual({ 'job:g': 0 });
  });

  it('holds the children of a job with a matrix, created before and after the pause', async () => {
    const run = await fixture.run(`
      jobs:
        list: { run: x }
        old: { run: x, labels: [old], strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 2 } }
        new: { run: x, needs: list, strategy: { matrix: { n: [1, 2] } } }
    `);
    const list = await fixture.claimed();
    await until('the first children are claimable', async () => (await inUse())[`node:${await nodeOf('old')}`] === 2);
    await pause('run', run);
    await fixture.complete(list);
    await until('the others are created', async () => {
      const { jobs } = await fixture.engine.childrenStatus(run, { of: 'new', limit: 5, offset: 0 });
      return jobs.length === 2;
    });
    expect(await fixture.claimMany(10, { labels: ['old'] })).toEqual([]);
    await resume('run', run);
    const claimed: string[] = [];
    while (claimed.length < 5) {
      const job = await soon(async () => fixture.claim({ labels: ['old'] }));
      claimed.push(job.jobKey);
      await fixture.complete(job);
    }
    expect(claimed.sort()).toEqual(['new.0', 'new.1', 'old.0', 'old.1', 'old.2']);
    await ended(run);
  });

  async function nodeOf(key: string): Promise<number> {
    const [row] = await fixture.store.read.query(
      `select n.no * 1048576 + v.ord as id from version_jobs as v join runs as n on n.version = v.version
        where v.key = '${key}'`,
      [],
    );
    return Number(row?.id);
  }

  it('can be cancelled and re-run while it is paused', async () => {
    const run = await fixture.run('{ jobs: { a: { run: x }, b: { run: x, needs: a } } }');
    await fixture.complete(await fixture.claimed());
    await pause('run', run);
    await fixture.engine.rerunRun({
      caller: fixture.caller,
      id: run,
      failed: false,
      jobs: ['a'],
      dependants: true,
      force: false,
      requestId: null,
      dryRun: false,
    });
    expect(await fixture.claim()).toBeNull();
    await fixture.cancel(run);
    await ended(run, 'cancelled');
    await fixture.environment.advance(100_000);
    await until('its pause is gone', async () => (await fixture.engine.listPauses()).length === 0);
  });

  it('stays paused across a restart, and is held in ranges if it is large', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, n) => `j${n}: { run: x }`).join(', ');
    const run = await fixture.run(`{ jobs: { ${jobs} } }`);
    await pause('run', run, 'large');
    await fixture.restart();
    expect(await fixture.claim()).toBeNull();
    const [row] = await fixture.store.read.query("select count(*) as count from jobs where state = 'held'", []);
    expect(Number(row?.count)).toBe(4_500);
    await resume('run', run);
    expect((await fixture.claimMany(3)).map(({ jobKey }) => jobKey)).toHaveLength(3);
  });
});

describe('a paused workflow', () => {
  it('accepts starts and holds their runs, and lets live runs continue', async () => {
    const id = await fixture.define('{ jobs: { a: { run: x }, b: { run: x, needs: a } } }');
    const live = (await fixture.startRun(id)).runId;
    await pause('workflow', id, 'freeze');
    const held = (await fixture.startRun(id)).runId;
    for (const key of ['a', 'b']) {
      const job = await fixture.claimed();
      expect(job.jobKey).toBe(key);
      await fixture.complete(job);
    }
    await ended(live);
    expect(await fixture.claim()).toBeNull();
    expect((await fixture.engine.workflowStatus(held)).run).toMatchObject({ held: true, group: null });
    const why = await fixture.engine.explainJob(held, 'a');
    expect(why.reasons[0]?.reason).toMatchObject({ code: 'paused', kind: 'workflow', subject: id, reason: 'freeze' });
    expect((await fixture.engine.explainRun(held)).reasons[0]).toMatchObject({ code: 'paused' });
    await resume('workflow', id);
    for (const key of ['a', 'b']) {
      const job = await nextJob();
      expect(job.jobKey).toBe(key);
      await fixture.complete(job);
    }
    await ended(held);
  });

  it('lets its runs request their group when it is resumed, and refuses none then', async () => {
    const id = await fixture.define('{ concurrency: { group: g, queue: none }, jobs: { a: { run: x } } }');
    await pause('workflow', id);
    const runs = [(await fixture.startRun(id)).runId, (await fixture.startRun(id)).runId];
    await resume('workflow', id);
    const first = await nextJob();
    expect(await fixture.claim()).toBeNull();
    expect(await inUse()).toEqual({ 'run:g': 1 });
    await fixture.complete(first);
    await fixture.complete(await nextJob());
    for (const run of runs) await ended(run);
    expect(await inUse()).toEqual({ 'run:g': 0 });
  });

  it('skips the times of its schedules', async () => {
    const id = await fixture.define('{ on: { schedule: [{ cron: "* * * * *" }] }, jobs: { a: { run: x } } }');
    await pause('workflow', id);
    await fixture.environment.advance(61_000);
    const outcome = async () =>
      (await fixture.engine.listSchedules({ workflow: id, limit: 5, pageToken: '' })).schedules[0]?.lastOutcome;
    await until('the time is skipped', async () => (await outcome()) === 'paused');
    expect(await fixture.claim()).toBeNull();
    await resume('workflow', id);
    await fixture.environment.advance(61_000);
    expect((await nextJob()).jobKey).toBe('a');
  });

  it('holds a run, which a cancel ends immediately, and stays paused across a restart', async () => {
    const id = await fixture.define('{ jobs: { a: { run: x } } }');
    await pause('workflow', id);
    await fixture.restart();
    const run = (await fixture.startRun(id)).runId;
    expect(await fixture.claim()).toBeNull();
    await fixture.cancel(run);
    await ended(run, 'cancelled');
  });

  it('no longer holds a run that it held when it was cancelled, and that is re-run after the pause', async () => {
    const id = await fixture.define('{ jobs: { a: { run: x } } }');
    await pause('workflow', id);
    const { runId } = await fixture.startRun(id);
    await fixture.cancel(runId);
    await resume('workflow', id);
    await fixture.engine.rerunRun({ ...rerunOf(runId), jobs: ['a'] });
    await fixture.complete(await nextJob());
    await ended(runId);
  });

  it('still holds a run that it held when it was cancelled, and that is re-run during the pause', async () => {
    const id = await fixture.define('{ jobs: { a: { run: x } } }');
    await pause('workflow', id);
    const { runId } = await fixture.startRun(id);
    await fixture.cancel(runId);
    await fixture.engine.rerunRun({ ...rerunOf(runId), jobs: ['a'] });
    expect(await fixture.claim()).toBeNull();
    await resume('workflow', id);
    await fixture.complete(await nextJob());
    await ended(runId);
  });
});

describe('a paused label', () => {
  it('withholds jobs that require it from workers, and no others', async () => {
    const run = await fixture.run(
      '{ jobs: { a: { run: x, labels: [gpu] }, b: { run: x, labels: [gpu, big] }, c: { run: x, labels: [big] } } }',
    );
    await pause('label', 'gpu', 'driver');
    const labels = ['gpu', 'big'];
    expect((await fixture.claimMany(5, { labels })).map(({ jobKey }) => jobKey)).toEqual(['c']);
    expect((await fixture.engine.explainJob(run, 'a')).reasons[0]).toMatchObject({
      reason: { code: 'paused', kind: 'label', subject: 'gpu' },
      sentence: 'Label "gpu" was paused 0 s ago: driver.',
    });
    expect((await fixture.engine.explainRun(run)).reasons.map(({ code }) => code)).toEqual([
      'paused',
      'paused',
      'running',
    ]);
    await fixture.restart();
    expect(await fixture.claim({ labels })).toBeNull();
    const waiting = fixture.claimMany(2, { waitMs: 600_000, workerId: 'w2', labels });
    await resume('label', 'gpu');
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['a', 'b']);
  });
});
