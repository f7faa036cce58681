// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { until } from '../support/until.js';
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

const cancel = (id: string) => fixture.cancel(id);

test('each edge of the state table is taken by the change that it describes, and no other edge is', async () => {
  const met = await claimOne('{ a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: a, if: failure() } }');
  await fixture.complete(met.job); // a succeeds; b's needs are met; c's condition is false
  await cancel(met.run); // b, which is claimable
  expect(await fixture.statuses(met.run)).toEqual({ a: 'success', b: 'cancelled', c: 'skipped' });

  const waiting = await claimOne('{ a: { run: x }, b: { run: x, needs: a } }');
  await cancel(waiting.run); // a, which runs, and b, whose need is open
  expect(await fixture.statuses(waiting.run)).toEqual({ a: 'cancelled', b: 'cancelled' });

  const retried = await claimOne('{ a: { run: x, retries: 1 } }');
  await fixture.fail(retried.job, true); // a is retried immediately
  await fixture.fail(await fixture.claimed(), true); // and has failed
  expect(await fixture.statuses(retried.run)).toEqual({ a: 'failure' });

  const delayed = await claimOne('{ a: { run: x, retries: 2, backoff: { fixed: 5 } } }');
  await fixture.fail(delayed.job, true);
  await fixture.environment.advance(5_000); // the retry falls due
  await fixture.fail(await fixture.claimed(), true);
  await cancel(delayed.run); // a, which is delayed
  expect(await fixture.statuses(delayed.run)).toEqual({ a: 'cancelled' });

  const rerun = (id: string, jobs: string[], dependants = true) =>
    fixture.engine.rerunRun({
      caller: fixture.caller,
      id,
      failed: jobs.length === 0,
      jobs,
      dependants,
      force: false,
      requestId: null,
      dryRun: false,
    });
  await rerun(retried.run, []); // a has failed, and waits again
  await fixture.complete(await fixture.claimed());
  const again = await claimOne('{ a: { run: x }, b: { run: x, needs: a, retries: 1, backoff: { fixed: 5 } } }');
  await fixture.complete(again.job);
  await rerun(again.run, ['a']); // a succeeded; b, which is claimable, needs it
  await fixture.complete(await fixture.claimed());
  await fixture.fail(await fixture.claimed(), true);
  await rerun(again.run, ['a']); // b is delayed
  await cancel(again.run);
  await rerun(again.run, []); // both were cancelled
  await fixture.fail(await fixture.claimed());
  await rerun(again.run, ['b']); // b was skipped
  expect(await fixture.statuses(again.run)).toEqual({ a: 'failure', b: 'skipped' });

  const counted = await claimOne('{ a: { run: x }, b: { run: x, needs: a, if: "fromJSON(needs.a.outputs.n) == 1" } }');
  await fixture.complete(counted.job, { n: '1' });
  await fixture.complete(await fixture.claimed());
  await rerun(counted.run, ['a']);
  await fixture.complete(await fixture.claimed(), { n: '{' }); // b's condition has no value
  expect(await fixture.statuses(counted.run)).toEqual({ a: 'success', b: 'failure' });

  const group = 'concurrency: g';
  const gated = await claimOne(`{ a: { run: x, ${group} }, b: { run: x, ${group} }, c: { run: x, ${group} } }`);
  await fixture.complete(gated.job); // b, which was held, has its place
  await cancel(gated.run); // c, which is held
  expect(await fixture.statuses(gated.run)).toEqual({ a: 'success', b: 'cancelled', c: 'cancelled' });
  const held = await claimOne(
    `{ a: { run: x }, b: { run: x, needs: a, ${group} }, c: { run: x, needs: a, ${group} } }`,
  );
  await fixture.complete(held.job);
  await rerun(held.run, ['a']); // b is claimable, and c is held
  await cancel(held.run);
  const timed = `run: x, queue-timeout: 1m, ${group}`;
  const unclaimed = await fixture.run(`jobs: { a: { ${timed} }, b: { ${timed} } }`);
  await fixture.environment.advance(60_000); // a is claimable, and b is held
  await until('both have timed out', async () => (await fixture.runState(unclaimed)) === 'failure');

  const list =
    'jobs: { l: { run: x }, m: { needs: l, run: x, strategy: { matrix: { n: "${{ fromJSON(needs.l.outputs.n) }}" } } } }';
  const node = await fixture.run(list);
  await fixture.complete(await fixture.claimed(), { n: '[1]' });
  const child = () => until('a child', () => fixture.claim());
  const nodeIs = (status: string) => until(status, async () => (await fixture.statuses(node)).m === status);
  await fixture.complete(await child()); // m opened, and its only child succeeded
  await nodeIs('success');
  await rerun(node, ['m']);
  await fixture.fail(await child());
  await nodeIs('failure');
  await rerun(node, ['m.0']); // m opens again
  const last = await child();
  await cancel(node);
  await expect(fixture.complete(last)).rejects.toThrow();
  await nodeIs('cancelled');
  await rerun(node, ['l']);
  await fixture.complete(await fixture.claimed(), { n: '[]' }); // m has no combination
  await nodeIs('success');

  const paused = await claimOne('{ a: { run: x }, b: { run: x, needs: a } }');
  await fixture.complete(paused.job);
  const pause = { caller: fixture.caller, kind: 'run', subject: paused.run } as const;
  await fixture.engine.pause({ ...pause, reason: '' }); // b, which is claimable
  await fixture.engine.resume(pause);
  await fixture.complete(await fixture.claimed());

  // A job that is cancelled as its first change has no event that shows its previous state.
  const cancelledFirst = 'waiting → cancelled';
  expect(new Set([...(await walkedEdges(fixture.store.read)), cancelledFirst])).toEqual(jobEdges);
});
