import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

type Ending = (run: string) => Promise<void>;

const endings: Readonly<Record<string, Ending>> = {
  failure: async () => fixture.fail(await fixture.claimed(), true),
  lost: async () => {
    await fixture.claimed({ leaseTtlSecs: 30 });
    await fixture.environment.advance(31_000);
  },
  timeout: async () => {
    const job = await fixture.claimed({ leaseTtlSecs: 600 });
    await fixture.environment.advance(21_000);
    await fixture.fail(job, true);
  },
};

const job = (more: string) => `jobs: { a: { run: x, timeout: 20, retries: 2${more} } }`;
const lease = (more: string) => `jobs: { a: { run: x, retries: 2${more} } }`;

it.each([
  ['lost', ['lost']],
  ['timeout', ['timeout']],
  ['failure', ['failure']],
  ['[lost, timeout]', ['lost', 'timeout']],
  ['[failure, lost, timeout]', ['lost', 'timeout', 'failure']],
])('a job with retry-on: %s is retried only on that', async (written, causes) => {
  for (const [cause, end] of Object.entries(endings)) {
    const yaml = cause === 'timeout' ? job(`, retry-on: ${written}`) : lease(`, retry-on: ${written}`);
    const run = await fixture.run(yaml);
    await end(run);
    expect([cause, await fixture.statuses(run)]).toEqual([cause, { a: causes.includes(cause) ? 'queued' : 'failure' }]);
    await fixture.cancel(run);
  }
});

it('a job without retry-on is retried on all causes', async () => {
  for (const [cause, end] of Object.entries(endings)) {
    const run = await fixture.run(cause === 'timeout' ? job('') : lease(''));
    await end(run);
    expect([cause, await fixture.statuses(run)]).toEqual([cause, { a: 'queued' }]);
    await fixture.cancel(run);
  }
});

it('a failure that the worker calls permanent is not retried, whatever retry-on says', async () => {
  const run = await fixture.run(lease(', retry-on: failure'));
  await fixture.fail(await fixture.claimed(), false);
  expect(await fixture.statuses(run)).toEqual({ a: 'failure' });
  expect((await fixture.engine.explainJob(run, 'a')).reasons[0]?.sentence).toContain(
    'the worker reported that another try would not help',
  );
});

it('"why" reports that retry-on ruled out a retry', async () => {
  const run = await fixture.run(`defaults: { retry-on: [lost, timeout] }\n${lease('')}`);
  await fixture.fail(await fixture.claimed(), true, 'exit status 1');
  const [why] = (await fixture.engine.explainJob(run, 'a')).reasons;
  expect(why?.reason).toMatchObject({ code: 'failed', retriesLeft: 2, retryOn: ['lost', 'timeout'] });
  expect(why?.sentence).toContain('it is retried only on: lost, timeout (retry-on)');
});
