import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { jobLog } from '../support/job-log.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

it.each([1, 2, 5])(
  '%d pushes of a log and the report after them, sent in one turn, keep their order',
  async (pushes) => {
    await fixture.run('jobs: { a: { run: x } }');
    const job = await fixture.claimed();
    const sent = Array.from({ length: pushes }, (_, sequence) =>
      fixture.engine.pushLogs(fixture.caller, job.leaseId, [jobLog(sequence)]),
    );
    const answers = await Promise.allSettled([...sent, fixture.complete(job)]);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: pushes + 1 }, () => 'fulfilled'));
  },
);

it('a call about another job does not wait for a postponed one', async () => {
  await fixture.run('jobs: { a: { run: x }, b: { run: x } }');
  const [a, b] = await fixture.claimMany(2);
  if (a === undefined || b === undefined) throw new Error('two claimable jobs are missing');
  const order: string[] = [];
  const note = (what: string, work: Promise<unknown>) => work.then(() => order.push(what));
  await Promise.all([
    note('a0', fixture.engine.pushLogs(fixture.caller, a.leaseId, [jobLog(0)])),
    note('a1', fixture.engine.pushLogs(fixture.caller, a.leaseId, [jobLog(1)])),
    note('a ends', fixture.complete(a)),
    note('b ends', fixture.complete(b)),
  ]);
  expect(order.indexOf('b ends')).toBeLessThan(order.indexOf('a1'));
  expect(order.indexOf('a1')).toBeLessThan(order.indexOf('a ends'));
});
