import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobSession } from '../../src/engine/claims/worker-session.js';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { jobIdOf } from '../../src/store/job-id.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';

/** Bugs found by the simulation, each by the promise that was broken; docs/reliability.md lists the seeds. */
let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

function open(): { session: JobSession; jobs: ClaimedJob[] } {
  const jobs: ClaimedJob[] = [];
  const session = fixture.engine.openSession(
    {
      caller: fixture.caller,
      workerId: 'w1',
      labels: [],
      onlyLabelled: false,
      leaseTtlSecs: 30,
      slots: 4,
      version: '',
    },
    {
      hasRoom: () => true,
      jobs: (pushed) => jobs.push(...pushed),
      leaseEvent: () => {},
      drain: () => {},
      failed: (error) => {
        throw error;
      },
    },
  );
  return { session, jobs };
}

function first(jobs: readonly ClaimedJob[]): ClaimedJob {
  const [job] = jobs;
  if (job === undefined) throw new Error('no job was pushed');
  return job;
}

describe('the confirmation of a pushed job', () => {
  it('counts if it arrives just before its deadline', async () => {
    const { session, jobs } = open();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x } }');
    await settled();
    await fixture.environment.advance(4_900);
    session.received([first(jobs).leaseId]);
    await fixture.environment.advance(2_000);
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(first(jobs));
  });

  it('does not apply to the next lease of that job, which has the same number', async () => {
    const one = open();
    one.session.addCredits(1);
    await fixture.run('jobs: { a: { run: x, retries: 0 } }');
    await settled();
    await fixture.environment.advance(4_900);
    // The job is released, claimed and pushed again before the confirmation is written.
    await fixture.engine.releaseJob(fixture.caller, first(one.jobs).leaseId);
    const other = open();
    one.session.drain();
    other.session.addCredits(1);
    await settled();
    expect(first(other.jobs).leaseId).not.toBe(first(one.jobs).leaseId);
    one.session.received([first(one.jobs).leaseId]);
    await fixture.environment.advance(31_000);
    other.session.close();
    await settled();
    // It did not arrive the second time either, so it is not an attempt.
    expect((await fixture.claimed()).attempt).toBe(0);
  });
});

it('a claim repeated while the first still waits gets the same lease', async () => {
  const again = () => fixture.claimMany(1, { waitMs: 60_000, requestId: 'claim-1' });
  const claims = [again(), again()];
  await settled();
  await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
  const [one, other] = (await Promise.all(claims)).map((jobs) => jobs.map(({ leaseId }) => leaseId));
  expect(one).toHaveLength(1);
  expect(other).toEqual(one);
  expect((await fixture.claimed()).jobKey).toBe('b');
});

it('two callers with one request id never share a lease id', async () => {
  await fixture.run('jobs: { a: { run: x } }');
  const input = {
    workerId: 'w',
    labels: [],
    onlyLabelled: false,
    leaseTtlSecs: 30,
    waitMs: 0,
    requestId: 'claim-1',
    maxJobs: 1,
  };
  const [one, other] = [{ credential: 'one' }, { credential: 'other' }];
  const mine = first(await fixture.engine.claimJobs({ caller: one, ...input }, null));
  await fixture.engine.releaseJob(one, mine.leaseId);
  const theirs = first(await fixture.engine.claimJobs({ caller: other, ...input }, null));
  expect([theirs.jobKey, theirs.attempt]).toEqual([mine.jobKey, mine.attempt]);
  expect(theirs.leaseId).not.toBe(mine.leaseId);
});

it('the log of a released job is removed', async () => {
  await fixture.run('jobs: { a: { run: x } }');
  const push = (job: ClaimedJob, data: string) =>
    fixture.engine.pushLogs(fixture.caller, job.leaseId, [
      { runId: job.runId, jobKey: 'a', sequence: 0, data, timestampMs: 1, stream: 'stdout' },
    ]);
  const given = await fixture.claimed();
  await push(given, 'given back\n');
  await fixture.engine.releaseJob(fixture.caller, given.leaseId);
  const kept = await fixture.claimed();
  await push(kept, 'kept\n');
  const page = await fixture.logOf(kept.runId, 'a');
  expect(page.map(({ data }) => data)).toEqual(['kept\n']);
});

describe('a run created in several transactions', () => {
  const large = ['jobs:', ...Array.from({ length: 2_010 }, (_, at) => `  j${at}: { run: x }`), ''].join('\n');

  it('continues without a restart after one of them failed', async () => {
    const id = await fixture.run(large);
    // The state that a failed transaction leaves: complete, with no claimable job.
    await fixture.store.transact(async (connection) => {
      const [run] = await connection.query('select no from runs', []);
      const no = Number(run?.no);
      await connection.query('update runs set activate_from = 0', []);
      // The numbers of events have no gaps, so the jobs' events stay, without their job.
      await connection.query('update events set job = null where job is not null', []);
      await connection.query(
        `update jobs set state = 'waiting', enqueued_at_ms = null where id >= ${jobIdOf(no, 0)}`,
        [],
      );
    });
    expect(await fixture.claim()).toBeNull();
    await fixture.environment.advance(45_000);
    expect((await fixture.claimed()).runId).toBe(id);
  });

  it('is not acknowledged to a repeated request before it is complete', async () => {
    const id = await fixture.define(large);
    const start = () =>
      fixture.engine.startRun({ caller: fixture.caller, id, inputs: new Map(), requestId: 'start-1' });
    const [one, other] = await Promise.allSettled([start(), start()]);
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(one).toMatchObject({ status: 'fulfilled', value: await start() });
  });
});

it('a job that comes to its gate and is cancelled in one batch is not reported as held after its end', async () => {
  const run = await fixture.run(`
    jobs:
      a: { run: x }
      b: { needs: a, run: x, concurrency: g }
      c: { run: x, concurrency: g }
  `);
  const [first, second] = await fixture.claimMany(2);
  const a = first?.jobKey === 'a' ? first : second;
  if (a === undefined) throw new Error('nothing was claimed');
  await Promise.all([fixture.complete(a), fixture.cancel(run)]);
  const events = await fixture.store.read.query('select type from events where job % 1048576 = 1 order by number', []);
  // A slow database may put the two into two batches; then it was held in between.
  expect(events.map(({ type }) => type).at(-1)).toBe('job.cancelled');
});
