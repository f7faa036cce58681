import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { jobLog } from '../support/job-log.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const file = 'jobs: { a: { retries: 1, steps: [{ name: Build, run: x }, { name: Test, run: y }] } }';

it('a job shows the state of each step in the newest attempt, according to its log lines', async () => {
  const run = await fixture.run(file);
  const steps = async () => (await fixture.engine.jobDetails(run, 'a')).steps;
  expect(await steps()).toEqual([]);

  const first = await fixture.claimed();
  const push = (leaseId: string, sequence: number, data: string, atMs: number) =>
    fixture.engine.pushLogs(fixture.caller, leaseId, [jobLog(sequence, { data, timestampMs: atMs })]);
  expect((await steps()).map(({ status }) => status)).toEqual(['queued', 'queued']);
  await push(first.leaseId, 0, '::step 1/2 Build\nbuilt\n', 1_000);
  expect((await steps()).map(({ status }) => status)).toEqual(['running', 'queued']);
  await push(first.leaseId, 1, 'much\n', 1_500);
  await push(first.leaseId, 2, '::step 2/2 Test\n', 3_000);
  expect(await steps()).toEqual([
    { status: 'success', startedAtMs: 1_000, endedAtMs: 3_000 },
    { status: 'running', startedAtMs: 3_000, endedAtMs: null },
  ]);

  await fixture.fail(first, true, 'step 2/2 "Test": exit status 1');
  expect((await steps()).map(({ status }) => status)).toEqual(['success', 'failure']);
  const second = await fixture.claimed();
  await push(second.leaseId, 0, '::step 1/2 Build\n', 5_000);
  await fixture.fail(second, true, 'lost its shell');
  expect((await steps()).map(({ status }) => status)).toEqual(['failure', 'skipped']);
});

it('a job without steps reads no log for them', async () => {
  const run = await fixture.run('jobs: { a: { run: x } }');
  const job = await fixture.claimed();
  await fixture.engine.pushLogs(fixture.caller, job.leaseId, [jobLog(0, { data: '::step 1/1 x\n' })]);
  expect((await fixture.engine.jobDetails(run, 'a')).steps).toEqual([]);
});
