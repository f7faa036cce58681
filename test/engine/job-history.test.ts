import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(() => fixture.end());

const history = (more: object = {}) => fixture.engine.jobHistory({ workflow: 'ci', limit: 30, pageToken: '', ...more });

/** Defines the workflow `ci` again and starts a run of it. */
async function start(jobs: string): Promise<void> {
  await fixture.startRun(await fixture.define(`jobs: { ${jobs} }`, 'ci'));
}

it('has a row for each job and an entry for each run, newest first, across versions', async () => {
  await start('a: { run: x }, old: { needs: a, run: x }');
  await fixture.fail(await fixture.claimed());
  await start('a: { run: x, retries: 1 }, b: { needs: a, run: x }');
  await fixture.fail(await fixture.claimed(), true);
  await fixture.complete(await fixture.claimed());
  const { runs, jobs, nextPageToken } = await history();
  expect(runs.map(({ version }) => version)).toEqual([2, 1]);
  expect(nextPageToken).toBe('');
  expect(jobs.map(({ key, entries }) => [key, ...entries.map((entry) => entry?.state ?? null)])).toEqual([
    ['a', 'success', 'failure'],
    ['b', 'queued', null],
    ['old', null, 'skipped'],
  ]);
  expect(jobs[0]?.statistics).toMatchObject({ ended: 2, failed: 1, flaky: 1 });
});

it('continues with older runs', async () => {
  for (let n = 0; n < 3; n++) await start('a: { run: x }');
  const first = await history({ limit: 2 });
  expect(first.runs.length).toBe(2);
  const second = await history({ limit: 2, pageToken: first.nextPageToken });
  expect(second.runs.length).toBe(1);
  expect(second.jobs[0]?.entries.length).toBe(1);
  expect(new Set([...first.runs, ...second.runs].map(({ runId }) => runId)).size).toBe(3);
});

it('of a workflow without runs is empty, and of an unknown workflow is refused', async () => {
  await fixture.define('jobs: { a: { run: x } }', 'ci');
  expect(await history()).toEqual({ runs: [], jobs: [], nextPageToken: '' });
  await expect(history({ workflow: 'nowhere' })).rejects.toThrow('nowhere');
});
