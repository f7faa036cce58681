import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobSession } from '../../src/engine/claims/worker-session.js';
import type { ClaimedJob } from '../../src/engine/engine.js';
import type { LeaseEvent } from '../../src/engine/leases/lease-watch.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  room.isFree = true;
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const room = { isFree: true };

function open(
  labels: string[] = [],
  onlyLabelled = false,
): { session: JobSession; jobs: ClaimedJob[]; events: LeaseEvent[] } {
  const jobs: ClaimedJob[] = [];
  const events: LeaseEvent[] = [];
  const session = fixture.engine.openSession(
    { caller: fixture.caller, workerId: 'w1', labels, onlyLabelled, leaseTtlSecs: 30, slots: 4, version: '' },
    {
      hasRoom: () => room.isFree,
      jobs: (pushed) => jobs.push(...pushed),
      leaseEvent: (event) => events.push(event),
      drain: () => {},
      failed: (error) => {
        throw error;
      },
    },
  );
  return { session, jobs, events };
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
    session.reported(first.leaseId, false);
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b', 'c']);
  });

  it('uses credits that arrive while it waits', async () => {
    const { session, jobs } = open();
    session.addCredits(1);
    await settled();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b']);
  });

  it('loses a pushed job that never arrived, without counting an attempt', async () => {
    const { session, jobs, events } = open();
    session.addCredits(1);
    await fixture.run('jobs: { a: { run: x } }');
    await settled();
    session.close();
    await fixture.environment.advance(5_001);
    const again = await fixture.claimed();
    expect(again.attempt).toBe(0);
    await expect(fixture.complete(jobs[0] as ClaimedJob)).rejects.toMatchObject({ reason: 'unknown_lease' });
    expect(events).toEqual([]);
  });

  it('keeps a pushed job that has arrived, also across a restart', async () => {
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

  it('counts an attempt that has arrived, even if it times out immediately', async () => {
    const { session, jobs } = open();
    session.addCredits(2);
    await fixture.run('jobs: { other: { run: x } }');
    await settled();
    session.received(jobs.map((job) => job.leaseId));
    await fixture.run('jobs: { a: { run: x, timeout: 1, retries: 1 } }');
    await settled();
    session.received([(jobs[1] as ClaimedJob).leaseId]);
    await fixture.environment.advance(11_001);
    session.close();
    expect((await fixture.claimed()).attempt).toBe(1);
  });

  it('gets cancellations and lost leases immediately', async () => {
    const { session, jobs, events } = open();
    session.addCredits(2);
    const run = await fixture.run('jobs: { a: { run: x } }');
    await settled();
    await fixture.cancel(run);
    await settled();
    expect(events).toEqual([{ kind: 'stop', leaseId: jobs[0]?.leaseId, reason: 'cancelled', withinMs: 10_000 }]);
    await fixture.run('jobs: { b: { run: x } }');
    await settled();
    session.received(jobs.map((job) => job.leaseId));
    await fixture.environment.advance(31_000);
    expect(events[1]).toEqual({ kind: 'lost', leaseId: jobs[1]?.leaseId, reason: 'lease_expired' });
  });

  it('leaves nothing parked after it is closed or drained', async () => {
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

describe('a session that ends early', () => {
  const heartbeats = async () =>
    (await fixture.engine.listWorkers({ limit: 10, offset: 0 })).map(({ lastHeartbeatMs }) => lastHeartbeatMs);

  it('sends no heartbeats when it is closed before its registration is stored', async () => {
    const { session } = open();
    session.close();
    await settled();
    const registered = await heartbeats();
    expect(registered).toHaveLength(1);
    await fixture.environment.advance(60_000);
    expect(await heartbeats()).toEqual(registered);
  });

  it.each(['drain', 'close'] as const)('gets no job if it calls %s in the turn of its claim', async (end) => {
    await fixture.run('jobs: { a: { run: x } }');
    const { session, jobs } = open();
    session.addCredits(1);
    session[end]();
    await settled();
    expect(jobs).toEqual([]);
    expect(await fixture.claimed()).toMatchObject({ jobKey: 'a', attempt: 0 });
    session.close();
  });

  it.each(['drain', 'close'] as const)(
    'releases a job immediately that a transaction took for it while it called %s, whichever comes first',
    async (end) => {
      // Every step of the event loop in which it can happen, from before the transaction to after the push.
      for (let turns = 0; turns < 8; turns++) {
        const run = await fixture.run('jobs: { a: { run: x } }');
        const { session, jobs } = open();
        session.addCredits(1);
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        const pushed = jobs.length;
        session[end]();
        await settled();
        expect(jobs, `after ${turns} turns`).toHaveLength(pushed);
        const job = jobs[0] ?? (await fixture.claimed());
        expect(job).toMatchObject({ runId: run, attempt: 0 });
        await fixture.complete(job);
        session.close();
      }
    },
  );

  it.each(['drain', 'close'] as const)(
    'releases a job immediately that was taken for its parked claim while it called %s',
    async (end) => {
      for (let turns = 0; turns < 8; turns++) {
        const id = await fixture.define('jobs: { a: { run: x } }');
        const { session, jobs } = open();
        session.addCredits(1);
        await settled();
        const started = fixture.startRun(id);
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        const pushed = jobs.length;
        session[end]();
        await settled();
        expect(jobs, `after ${turns} turns`).toHaveLength(pushed);
        const job = jobs[0] ?? (await fixture.claimed());
        expect(job).toMatchObject({ runId: (await started).runId, attempt: 0 });
        await fixture.complete(job);
        session.close();
      }
    },
  );
});

describe('the credits of a session', () => {
  const six = 'jobs: { a: { run: x }, b: { run: x }, c: { run: x }, d: { run: x }, e: { run: x }, f: { run: x } }';

  it('are not returned by reports on leases that were never granted', async () => {
    const { session, jobs } = open();
    session.addCredits(4);
    await fixture.run(six);
    await settled();
    expect(jobs).toHaveLength(4);
    session.reported('no-such-lease', true);
    await settled();
    expect(jobs).toHaveLength(4);
    session.close();
  });

  it('are returned once for a pushed job, whatever the response to its report', async () => {
    const { session, jobs } = open();
    session.addCredits(4);
    await fixture.run(six);
    await settled();
    const { leaseId } = jobs[0] as ClaimedJob;
    session.reported(leaseId, true);
    session.reported(leaseId, true);
    await settled();
    expect(jobs).toHaveLength(5);
    session.close();
  });

  it('are returned for a job of an earlier session, which occupies a slot of this one', async () => {
    const { session, jobs } = open();
    // One of its four slots runs a job of the previous session.
    session.addCredits(3);
    await fixture.run(six);
    await settled();
    expect(jobs).toHaveLength(3);
    session.reported('of-the-session-before', true);
    await settled();
    expect(jobs).toHaveLength(4);
    session.reported('of-nobody', true);
    await settled();
    expect(jobs).toHaveLength(4);
    session.close();
  });

  it('are not withheld for jobs that ended by calls outside the session', async () => {
    const { session, jobs } = open();
    session.addCredits(3);
    await fixture.run(six);
    await settled();
    await fixture.complete(jobs[0] as ClaimedJob);
    session.addCredits(1);
    await settled();
    expect(jobs).toHaveLength(4);
    session.reported('of-the-session-before', true);
    await settled();
    expect(jobs).toHaveLength(5);
    session.close();
  });

  it('do not run out for a worker that reports each job by a separate call', async () => {
    const { session, jobs } = open();
    const keys = Array.from({ length: 100 }, (_, at) => `j${at}: { run: x }`);
    await fixture.run(`jobs: { ${keys.join(', ')} }`);
    for (let at = 0; at < 100; at++) {
      session.addCredits(1);
      await settled();
      await fixture.complete(jobs[at] as ClaimedJob);
    }
    expect(() => session.addCredits(9_950)).not.toThrow();
    session.close();
  });

  it('are at most ten thousand, including those of jobs that it holds', async () => {
    const { session } = open();
    await fixture.run('jobs: { a: { run: x } }');
    session.addCredits(10_000);
    expect(() => session.addCredits(1)).toThrow('add_credits: a session has at most 10000 credits');
    await settled();
    expect(() => session.addCredits(1)).toThrow('at most 10000');
    session.close();
  });

  it('wait while the reader does not read, and are used once it does', async () => {
    room.isFree = false;
    const { session, jobs } = open();
    session.addCredits(2);
    await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
    await settled();
    expect(jobs).toEqual([]);
    room.isFree = true;
    session.resume();
    await settled();
    expect(jobs.map((job) => job.jobKey)).toEqual(['a', 'b']);
    session.close();
  });
});

describe('watching leases', () => {
  it('ignores what is added after its end', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const job = await fixture.claimed();
    const watch = fixture.engine.watchLeases(() => {});
    watch.stop();
    watch.add(job.leaseId);
    expect(watch.size).toBe(0);
    expect(fixture.engine.context.topics.idle).toBe(true);
  });
});

describe('watching a run', () => {
  it('delivers a snapshot and then each change once, in order, to the end', async () => {
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
