import { afterEach, beforeEach, describe, expect } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { onlyIn } from '../support/open-test-store.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

/** Servers that share a database continue when one stalls, and its time counts. */
const it = onlyIn('sqlite');

describe('a server that stalled', () => {
  it('for longer than a lease extends it by its full time when it resumes', async () => {
    await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    const job = await fixture.claimed({ leaseTtlSecs: 30 });
    await fixture.environment.standStill(600_000);
    await fixture.environment.advance(29_999);
    expect(await fixture.engine.heartbeatLease(fixture.caller, job.leaseId)).toMatchObject({ stop: null });
    await fixture.complete(job);
  });

  it('also extends it if a call is the first event after the stall', async () => {
    const run = await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    const job = await fixture.claimed({ leaseTtlSecs: 30 });
    fixture.environment.skip(600_000);
    await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('extends a lease once: a worker that does not renew then loses it', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.claimed({ leaseTtlSecs: 30 });
    await fixture.environment.standStill(600_000);
    expect(await fixture.runState(run)).toBe('running');
    await fixture.environment.advance(30_001);
    expect(await fixture.runState(run)).toBe('failure');
  });

  it('also extends a timeout that passed during the stall', async () => {
    await fixture.run('jobs: { a: { run: x, timeout: 40 } }');
    const job = await fixture.claimed({ leaseTtlSecs: 30 });
    await fixture.environment.standStill(600_000);
    await fixture.complete(job);
  });

  it('keeps a timeout that had passed before: the attempt being stopped ends as timed out', async () => {
    const run = await fixture.run('jobs: { a: { run: x, timeout: 5 } }');
    await fixture.claimed({ leaseTtlSecs: 600 });
    await fixture.environment.advance(5_000);
    await fixture.environment.standStill(60_000);
    await fixture.environment.advance(10_000);
    const { attempts } = await fixture.engine.explainJob(run, 'a');
    expect(attempts).toMatchObject([{ outcome: 'timed_out', error: 'timed out after 5 s' }]);
  });

  it('detects it after a period in which nothing was due', async () => {
    await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
    await fixture.complete(await fixture.claimed());
    await fixture.environment.standStill(3_600_000);
    const job = await fixture.claimed({ leaseTtlSecs: 5 });
    await fixture.environment.advance(2_000);
    await fixture.environment.standStill(60_000);
    await fixture.complete(job);
  });

  it('for five seconds or less changes nothing', async () => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.claimed({ leaseTtlSecs: 5 });
    await fixture.environment.advance(4_000);
    await fixture.environment.standStill(5_000);
    expect(await fixture.runState(run)).toBe('failure');
  });
});
