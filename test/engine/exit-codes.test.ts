import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const able = { labels: ['feature:exit-codes'] };
const file = (retryOn: string, more = '') => `jobs: { a: { run: x, retries: 2, retry-on: ${retryOn}${more} } }`;

it.each([
  ['75', 75, true],
  ['75', 74, false],
  ['75', null, false],
  ['[75]', 75, true],
  ['128-255', 127, false],
  ['128-255', 128, true],
  ['128-255', 255, true],
  ['[lost, 1, 128-255]', 1, true],
  ['[lost, 1, 128-255]', 2, false],
  ['[failure, 75]', 3, true],
  ['[failure, 75]', null, true],
])('a job with retry-on: %s that exits with %s is retried: %s', async (written, exitCode, isRetried) => {
  const run = await fixture.run(file(written));
  await fixture.fail(await fixture.claimed(able), true, 'it failed', exitCode);
  expect(await fixture.statuses(run)).toEqual({ a: isRetried ? 'queued' : 'failure' });
});

it('an exit code does not make a failure that the worker calls permanent retryable', async () => {
  const run = await fixture.run(file('75'));
  await fixture.fail(await fixture.claimed(able), false, 'it failed', 75);
  expect(await fixture.statuses(run)).toEqual({ a: 'failure' });
});

it('a job whose retry depends on exit codes goes only to workers that report them, and "why" says so', async () => {
  const run = await fixture.run(file('75', ', labels: linux'));
  await fixture.engine.registerWorker({
    workerId: 'plain',
    labels: ['linux'],
    onlyLabelled: false,
    slots: 1,
    version: '',
  });
  expect(await fixture.claim({ workerId: 'plain', labels: ['linux'] })).toBeNull();
  const [why] = (await fixture.engine.explainJob(run, 'a')).reasons;
  expect(why?.reason).toMatchObject({ code: 'no_matching_worker', unknownLabels: ['feature:exit-codes'] });
  expect(why?.sentence).toContain('No live worker has the label "feature:exit-codes".');
  expect(why?.sentence).toContain(`Workers that this project's SDKs make offer "feature:exit-codes" by themselves`);
  const job = await fixture.claimed({ labels: ['linux', 'feature:exit-codes'] });
  expect(job.spec.labels).toEqual(['feature:exit-codes', 'linux']);
});

it('retry-on without exit codes requires nothing of a worker', async () => {
  await fixture.run(file('[lost, failure]'));
  expect((await fixture.claimed()).spec.labels).toEqual([]);
});

it('a worker for labelled jobs only does not take a job that only requires features', async () => {
  await fixture.run('jobs: { a: { run: x, workspace: fresh } }');
  const labels = ['gpu', 'feature:workspace'];
  expect(await fixture.claim({ labels, onlyLabelled: true })).toBeNull();
  expect(await fixture.claim({ labels })).not.toBeNull();
});

it('feature labels do not count toward the number of labels of a job', async () => {
  const labels = Array.from({ length: 64 }, (_, at) => `l${at}`);
  await fixture.run(`jobs: { a: { run: x, workspace: fresh, labels: [${labels.join(', ')}] } }`);
  expect((await fixture.claimed({ labels: [...labels, 'feature:workspace'] })).spec.labels).toHaveLength(65);
});

it('the exit code is shown with the job, its attempts and its end event', async () => {
  const run = await fixture.run(file('75'));
  await fixture.fail(await fixture.claimed(able), true, 'it failed', 75);
  await fixture.fail(await fixture.claimed(able), true, 'it failed', 1);
  const details = await fixture.engine.jobDetails(run, 'a');
  expect(details.attempts.map(({ exitCode }) => exitCode)).toEqual([75, 1]);
  expect(details.job.exitCode).toBe(1);
  const explained = await fixture.engine.explainJob(run, 'a');
  expect(explained.attempts.map(({ exitCode }) => exitCode)).toEqual([75, 1]);
  expect(explained.reasons[0]?.sentence).toContain('it is retried only on: 75 (retry-on)');
});

it('a repeated report gets the same answer, and one with another exit code is refused', async () => {
  await fixture.run(file('75'));
  const job = await fixture.claimed(able);
  await fixture.fail(job, true, 'it failed', 75);
  await fixture.fail(job, true, 'it failed', 75);
  await expect(fixture.fail(job, true, 'it failed', 74)).rejects.toMatchObject({ reason: 'completed' });
});
