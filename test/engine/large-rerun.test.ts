import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { rerun } from '../support/rerun.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

/** Restarts the engine as if its process had crashed after the first range of a re-run. */
async function crashAfterFirstRange(begin: () => Promise<unknown>): Promise<void> {
  const { writer } = fixture.engine.context;
  const submit = writer.submit.bind(writer);
  writer.submit = ((operation, input) =>
    operation.name === 'rerun-range' ? new Promise(() => {}) : submit(operation, input)) as typeof submit;
  void begin();
  const mark = 'select rerun_from as mark from runs';
  for (;;) {
    const [row] = (await fixture.store.read.query(mark, [])) as { mark: number | null }[];
    if (row?.mark !== null) break;
    await fixture.environment.advance(1);
  }
  expect(await fixture.claim()).toBeNull();
  await fixture.restart();
}

describe('a large re-run', () => {
  const wide = ['jobs:', '  first: { run: x }']
    .concat(Array.from({ length: 2_100 }, (_, at) => `  j${at}: { run: x, needs: first }`))
    .join('\n');

  it('resets its jobs in ranges; none is claimable before the last range', async () => {
    const run = await fixture.run(wide);
    await fixture.fail(await fixture.claimed());
    for (let tries = 0; (await fixture.runState(run)) !== 'failure' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    const answer = await rerun(fixture, run);
    expect(answer.again.count).toBe(2_101);
    expect(answer.again.jobs).toHaveLength(1_000);
    const first = await fixture.claimed();
    expect(first.jobKey).toBe('first');
    await fixture.complete(first);
    expect(await fixture.claimMany(5_000)).toHaveLength(2_100);
  });

  it('resumes after a crash', async () => {
    const run = await fixture.run(wide);
    await fixture.fail(await fixture.claimed());
    for (let tries = 0; (await fixture.runState(run)) !== 'failure' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    await crashAfterFirstRange(() => rerun(fixture, run, { requestId: 'rerun-that-a-crash-cuts-short' }));
    const answer = await rerun(fixture, run, { requestId: 'rerun-that-a-crash-cuts-short' });
    expect([answer.generation, answer.again.count]).toEqual([2, 2_101]);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.claimMany(5_000)).toHaveLength(2_100);
  });

  it('of a run with a concurrency group resumes after a crash by itself, and requests its place', async () => {
    const run = await fixture.run(`concurrency: g\n${wide}`);
    await fixture.fail(await fixture.claimed());
    for (let tries = 0; (await fixture.runState(run)) !== 'failure' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    await crashAfterFirstRange(() => rerun(fixture, run, {}));
    const first = await soon(async () => {
      // On a shared database a server waits to see that no other one continues the work.
      await fixture.environment.advance(1_000);
      return fixture.claim();
    });
    await fixture.complete(first);
    expect(await fixture.claimMany(5_000)).toHaveLength(2_100);
  });

  it('is refused while the run is live', async () => {
    const run = await fixture.run(`${wide}\n  last: { run: x }`);
    const [first, last] = await fixture.claimMany(2);
    if (first === undefined || last === undefined) throw new Error('the roots were not claimable');
    await fixture.fail(first);
    for (let tries = 0; (await fixture.statuses(run)).j2099 !== 'skipped' && tries < 1_000; tries++) {
      await fixture.environment.advance(1);
    }
    await expect(rerun(fixture, run)).rejects.toMatchObject({ code: 'conflict', reason: 'job_running' });
  });
});

it('a run started by a run’s id repeats that run with its inputs, and names it', async () => {
  const id = await fixture.define('jobs: { a: { run: x } }');
  const { runId } = await fixture.startRun(id, { branch: 'main' });
  const again = await fixture.startRun(runId);
  const view = (await fixture.engine.workflowStatus(again.runId)).run;
  expect(view).toMatchObject({ rerunOf: runId, inputs: new Map([['branch', 'main']]), generation: 1 });
  const other = await fixture.startRun(runId, { branch: 'next' });
  expect((await fixture.engine.workflowStatus(other.runId)).run?.inputs).toEqual(new Map([['branch', 'next']]));
  expect((await fixture.engine.workflowStatus(runId)).run?.rerunOf).toBeNull();
});
