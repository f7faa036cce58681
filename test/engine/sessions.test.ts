import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import type { JobSession } from '../../src/engine/job-session.js';
import type { LeaseNews } from '../../src/engine/lease-watch.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

function open(labels: string[] = []): { session: JobSession; jobs: ClaimedJob[]; news: LeaseNews[] } {
  const jobs: ClaimedJob[] = [];
  const news: LeaseNews[] = [];
  const session = fixture.engine.openSession(
    { caller: fixture.caller, workerId: 'w1', labels, leaseTtlSecs: 30, slots: 4, version: '' },
    {
      jobs: (pushed) => jobs.push(...pushed),
      news: (told) => news.push(told),
      failed: (error) => {
        throw error;
      },
    },
  );
  return { session, jobs, news };
}

describe('a session', () => {
  it('gets no more jobs than it has credits, and another for each report', async () => {
    const { session, jobs } = open();
    session.addCredits(2);
    await fixture.run('jobs: { a: { run: x }, b: { run: x }, c: { run: x } }');
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b']);
    const first = jobs[0] as ClaimedJob;
    await fixture.complete(first);
    session.reported(first.leaseId);
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b', 'c']);
  });

  it('uses credits that come while it waits', async () => {
    const { session, jobs } = open();
    session.addCredits(1);
    await settled();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b']);
  });

  it('loses a pushed job that never arrived, without an attempt', async () => {
    const { session, jobs, news } = open();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x } }');
    await settled();
    session.close();
    await fixture.environment.advance(5_001);
    const again = await fixture.claimed();
    expect(again.attempt).toBe(0);
    await expect(fixture.complete(jobs[0] as ClaimedJob)).rejects.toMatchObject({ reason: 'unknown_lease' });
    expect(news).toEqual([]);
  });

  it('keeps a pushed job that has arrived, across a restart too', async () => {
    const { session, jobs } = open();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x } }');
    await settled();
    session.received([(jobs[0] as ClaimedJob).leaseId]);
    await fixture.environment.advance(20_000);
    await fixture.restart();
    await fixture.environment.advance(20_000);
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(jobs[0] as ClaimedJob);
  });

  it('counts an attempt that has arrived, however soon its timeout is over', async () => {
    const { session, jobs } = open();
    session.addCredits(2);
    await fixture.run('jobs: { other: { run: x } }');
    await settled();
    session.received(jobs.map((job) => job.leaseId));
    await fixture.run('jobs: { a: { run: x, timeout: 1, retries: 1 } }');
    await settled();
    session.received([(jobs[1] as ClaimedJob).leaseId]);
    await fixture.environment.advance(1_001);
    session.close();
    expect((await fixture.claimed()).attempt).toBe(1);
  });

  it('is told at once that a job was cancelled, and that a lease was lost', async () => {
    const { session, jobs, news } = open();
    session.addCredits(2);
    const run = await fixture.run('jobs: { a: { run: x } }');
    await settled();
    await fixture.engine.cancelRun(fixture.caller, run);
    await settled();
    expect(news).toEqual([{ kind: 'cancelled', leaseId: jobs[0]?.leaseId }]);
    await fixture.run('jobs: { b: { run: x } }');
    await settled();
    session.received(jobs.map((job) => job.leaseId));
    await fixture.environment.advance(31_000);
    expect(news[1]).toEqual({ kind: 'lost', leaseId: jobs[1]?.leaseId, reason: 'lease_expired' });
  });

  it('leaves nothing parked when it is closed or drained', async () => {
    const one = open();
    one.session.addCredits(1);
    const two = open();
    two.session.addCredits(1);
    await settled();
    one.session.close();
    two.session.drain();
    await fixture.run('jobs: { a: { run: x } }');
    await settled();
    expect([...one.jobs, ...two.jobs]).toEqual([]);
    expect((await fixture.claimed()).jobKey).toBe('a');
  });
});

describe('watching a run', () => {
  it('gives a snapshot and then each change once, in order, to the end', async () => {
    const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
    const seen: string[] = [];
    const numbers: number[] = [];
    const done = (async () => {
      for await (const batch of fixture.engine.watchRuns({ id: run, afterEvent: null }, new AbortController().signal)) {
        for (const view of batch.snapshot) seen.push(`snapshot ${view.run?.state}`);
        for (const event of batch.events) {
          seen.push(`${event.type} ${event.jobKey}`.trim());
          numbers.push(event.number);
        }
      }
    })();
    await soon(() => seen.length > 0);
    await fixture.complete(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    await done;
    expect(seen).toEqual([
      'snapshot queued',
      'run.running',
      'job.running a',
      'job.success a',
      'job.queued b',
      'job.running b',
      'job.success b',
      'run.success',
    ]);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('resumes after any event without a gap', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.complete(await fixture.claimed());
    const all: number[] = [];
    for await (const batch of fixture.engine.watchRuns({ id: run, afterEvent: 0 }, new AbortController().signal)) {
      all.push(...batch.events.map((event) => event.number));
    }
    for (const [at, number] of all.entries()) {
      const rest: number[] = [];
      for await (const batch of fixture.engine.watchRuns(
        { id: run, afterEvent: number },
        new AbortController().signal,
      )) {
        rest.push(...batch.events.map((event) => event.number));
      }
      expect(rest).toEqual(all.slice(at + 1));
    }
  });
});
