import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { keysOf, rerun } from '../support/rerun.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

describe('a dry run with force', () => {
  const chain = 'jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: b } }';

  it('names the running dependents that would be cancelled first, and cancels nothing', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    const b = await fixture.claimed();
    await expect(rerun(fixture, run, { jobs: ['a'], dryRun: true })).rejects.toMatchObject({
      reason: 'dependant_running',
    });
    const tried = await rerun(fixture, run, { jobs: ['a'], dryRun: true, force: true });
    expect(tried.again.jobs).toEqual([
      { jobKey: 'a', reason: 'was requested (success)' },
      { jobKey: 'b', reason: 'needs a job that runs again; it has not ended and is cancelled first' },
      { jobKey: 'c', reason: 'needs a job that runs again' },
    ]);
    await fixture.complete(b);
    expect(await fixture.statuses(run)).toEqual({ a: 'success', b: 'success', c: 'queued' });
  });

  it('without dependents says that a running one stays cancelled', async () => {
    const run = await fixture.run(chain);
    await fixture.complete(await fixture.claimed());
    await fixture.claimed();
    const tried = await rerun(fixture, run, { jobs: ['a'], dependants: false, dryRun: true, force: true });
    expect(keysOf(tried)).toEqual(['a']);
    expect(tried.kept.jobs[0]).toEqual({
      jobKey: 'b',
      reason: 'needs a job that runs again; it has not ended, is cancelled first, and stays cancelled',
    });
  });
});
