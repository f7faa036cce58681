import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { jobEdges, walkedEdges } from '../support/walked-edges.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

/** Starts a run of these jobs, and claims one of them. */
async function claimOne(jobs: string) {
  const run = await fixture.run(`jobs: ${jobs}`);
  return { run, job: await fixture.claimed() };
}

const cancel = (id: string) => fixture.engine.cancelRun(fixture.caller, id);

test('each edge of the state table is walked by what it stands for, and no other is', async () => {
  const met = await claimOne('{ a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: a, if: failure() } }');
  await fixture.complete(met.job); // a succeeds; b's needs are met; c's condition is false
  await cancel(met.run); // b, which is claimable
  expect(await fixture.statuses(met.run)).toEqual({ a: 'success', b: 'cancelled', c: 'skipped' });

  const waiting = await claimOne('{ a: { run: x }, b: { run: x, needs: a } }');
  await cancel(waiting.run); // a, which runs, and b, whose need is open
  expect(await fixture.statuses(waiting.run)).toEqual({ a: 'cancelled', b: 'cancelled' });

  const retried = await claimOne('{ a: { run: x, retries: 1 } }');
  await fixture.fail(retried.job, true); // a is tried again at once
  await fixture.fail(await fixture.claimed(), true); // and has failed
  expect(await fixture.statuses(retried.run)).toEqual({ a: 'failure' });

  const delayed = await claimOne('{ a: { run: x, retries: 2, backoff: { fixed: 5 } } }');
  await fixture.fail(delayed.job, true);
  await fixture.environment.advance(5_000); // the retry falls due
  await fixture.fail(await fixture.claimed(), true);
  await cancel(delayed.run); // a, which is delayed
  expect(await fixture.statuses(delayed.run)).toEqual({ a: 'cancelled' });

  // A job that is cancelled before anything else happened to it has no event that tells where it was.
  const cancelledFirst = 'waiting → cancelled';
  expect(new Set([...(await walkedEdges(fixture.store.read)), cancelledFirst])).toEqual(jobEdges);
});
