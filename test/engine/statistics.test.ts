import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Statistics } from '../../src/engine/engine.js';
import { pruneStep } from '../../src/engine/runs/prune.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { rerun } from '../support/rerun.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(() => fixture.end());

const hourMs = 3_600_000;
const statistics = (more: object = {}) =>
  fixture.engine.statistics({ workflow: 'ci', sinceMs: 0, bucketMs: hourMs, ...more });

describe('statistics of a workflow', () => {
  it('count runs by state, and take the quantiles of how long they took and waited', async () => {
    await fixture.define('jobs: { a: { run: x, retries: 1 }, b: { needs: a, run: x } }', 'ci');
    await fixture.startRun('ci');
    await fixture.environment.advance(2_000);
    const first = await fixture.claimed();
    await fixture.environment.advance(1_000);
    await fixture.fail(first, true);
    await fixture.environment.advance(60_000);
    const again = await fixture.claimed();
    await fixture.environment.advance(3_000);
    await fixture.complete(again);
    await fixture.complete(await fixture.claimed());
    await fixture.startRun('ci');
    await fixture.fail(await fixture.claimed());
    await fixture.cancel((await fixture.startRun('ci')).runId);
    const { total, jobs, jobRuns, isCut } = await statistics();
    expect(total).toEqual({
      succeeded: 1,
      failed: 1,
      cancelled: 1,
      duration: { medianMs: 64_000, p95Ms: 64_000 },
      waiting: { medianMs: 0, p95Ms: 2_000 },
    });
    expect({ jobRuns, isCut }).toEqual({ jobRuns: 3, isCut: false });
    expect(jobs.map(({ key, ended, failed, flaky }) => ({ key, ended, failed, flaky }))).toEqual([
      { key: 'a', ended: 2, failed: 1, flaky: 1 },
      { key: 'b', ended: 1, failed: 0, flaky: 0 },
    ]);
    expect(jobs[0]?.duration).toEqual({ medianMs: 3_000, p95Ms: 3_000 });
  });

  it('count a re-run once, as it ended last, and without its times', async () => {
    await fixture.define('jobs: { a: { run: x } }', 'ci');
    const { runId } = await fixture.startRun('ci');
    await fixture.fail(await fixture.claimed());
    await fixture.environment.advance(60_000);
    await rerun(fixture, runId);
    expect((await statistics()).total).toMatchObject({ failed: 0, succeeded: 0 });
    await fixture.complete(await fixture.claimed());
    expect((await statistics()).total).toEqual({
      succeeded: 1,
      failed: 0,
      cancelled: 0,
      duration: { medianMs: null, p95Ms: null },
      waiting: { medianMs: null, p95Ms: null },
    });
  });

  it('begin with the first run that left figures, and are refused for a workflow that there is not', async () => {
    await fixture.define('jobs: { a: { run: x } }', 'ci');
    expect(await statistics()).toMatchObject({ beganMs: null, buckets: [], jobs: [], jobRuns: 0 });
    await fixture.startRun('ci');
    const at = fixture.environment.now();
    await fixture.complete(await fixture.claimed());
    await fixture.environment.advance(hourMs);
    expect(await statistics({ sinceMs: at + 1 })).toMatchObject({ beganMs: at, buckets: [] });
    await expect(statistics({ workflow: 'nowhere' })).rejects.toThrow('nowhere');
  });

  it('have the jobs of all versions, the first 500 of each', async () => {
    await fixture.define('jobs: { old: { run: x } }', 'ci');
    await fixture.startRun('ci');
    await fixture.complete(await fixture.claimed());
    const keys = Array.from({ length: 501 }, (_, n) => `j${n}`);
    await fixture.define(`jobs: { ${keys.map((key) => `${key}: { run: x }`).join(', ')} }`, 'ci');
    await fixture.startRun('ci');
    for (const job of await fixture.claimMany(501)) await fixture.complete(job);
    const { jobs, jobRuns } = await statistics();
    expect(jobs.map(({ key }) => key)).toEqual([...keys.slice(0, 500), 'old']);
    expect(jobRuns).toBe(2);
  });

  it('are pruned with the runs', async () => {
    await fixture.define('jobs: { a: { run: x } }', 'ci');
    for (let n = 0; n < 2; n++) {
      await fixture.startRun('ci');
      await fixture.complete(await fixture.claimed());
      await fixture.environment.advance(hourMs);
    }
    const before = { runsMs: fixture.environment.now() - hourMs, logsMs: 0 };
    while (await fixture.store.transact(async (connection) => (await pruneStep(connection, before)).more));
    expect((await statistics()).total.succeeded).toBe(1);
  });
});

/** How a run of the property ends: per job whether it fails, and how long the run waits and works. */
interface Life {
  readonly workflow: number;
  readonly fails: readonly [boolean, boolean];
  readonly retried: boolean;
  readonly waitMs: number;
  readonly workMs: number;
  readonly cancelled: boolean;
}

const life: fc.Arbitrary<Life> = fc.record({
  workflow: fc.integer({ min: 0, max: 1 }),
  fails: fc.tuple(fc.boolean(), fc.boolean()),
  retried: fc.boolean(),
  waitMs: fc.integer({ min: 0, max: 2 * hourMs }),
  workMs: fc.integer({ min: 0, max: hourMs }),
  cancelled: fc.boolean(),
});

it('statistics are what a naive recount of the runs finds', async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(life, { maxLength: 8 }), async (lives) => {
      const ids = [`p${++round}`, `q${round}`];
      for (const id of ids)
        await fixture.define('jobs: { a: { run: x, retries: 2, backoff: { fixed: 0 } }, b: { run: x } }', id);
      const began = fixture.environment.now();
      for (const one of lives) await live(ids[one.workflow] ?? '', one);
      for (const [at, workflow] of ids.entries()) {
        const found = await statistics({ workflow, sinceMs: began });
        expect(countsOf(found)).toEqual(await recount(workflow, found.bucketMs));
        expect(found.total.succeeded + found.total.failed + found.total.cancelled).toBe(
          lives.filter((one) => one.workflow === at).length,
        );
      }
      const all = await statistics({ workflow: '', sinceMs: began });
      expect(all.total.succeeded + all.total.failed + all.total.cancelled).toBe(lives.length);
      await fixture.environment.advance(1);
    }),
    { numRuns: 12 },
  );
});

async function live(workflow: string, { fails, retried, waitMs, workMs, cancelled }: Life): Promise<void> {
  const { runId } = await fixture.startRun(workflow);
  await fixture.environment.advance(waitMs);
  if (cancelled) {
    await fixture.cancel(runId);
    return;
  }
  const work = async () => {
    const jobs = await fixture.claimMany(2, { leaseTtlSecs: 3_600 });
    await fixture.environment.advance(workMs / 2);
    return jobs;
  };
  for (const job of await work()) {
    if (job.jobKey === 'a' && retried) await fixture.fail(job, true);
    else if (fails[job.jobKey === 'a' ? 0 : 1]) await fixture.fail(job);
    else await fixture.complete(job);
  }
  if (!retried) return;
  await fixture.environment.advance(1_000);
  for (const job of await work()) await (fails[0] ? fixture.fail(job) : fixture.complete(job));
}

function countsOf({ buckets, total, jobs }: Statistics) {
  return {
    buckets: buckets.map(({ fromMs, succeeded, failed, cancelled }) => [fromMs, succeeded, failed, cancelled]),
    durationMs: [total.duration.medianMs, total.duration.p95Ms],
    jobs: jobs.map(({ key, ended, failed, flaky }) => [key, ended, failed, flaky]),
  };
}

/** The same from the runs and jobs themselves. */
async function recount(workflow: string, bucketMs: number) {
  const { runs, jobs } = await fixture.engine.jobHistory({ workflow, limit: 50, pageToken: '' });
  const starts = [...new Set(runs.map((run) => Math.floor((run.endedAtMs ?? 0) / bucketMs) * bucketMs))];
  const count = (from: number, state: string) =>
    runs.filter((run) => run.state === state && Math.floor((run.endedAtMs ?? 0) / bucketMs) * bucketMs === from).length;
  const durations = runs
    .filter(({ state }) => state === 'success')
    .map((run) => (run.endedAtMs ?? 0) - (run.startedAtMs ?? 0))
    .sort((a, b) => a - b);
  const share = (part: number) => durations[Math.max(0, Math.ceil(durations.length * part) - 1)] ?? null;
  return {
    buckets: starts
      .sort((a, b) => a - b)
      .map((from) => [from, count(from, 'success'), count(from, 'failure'), count(from, 'cancelled')]),
    durationMs: [share(0.5), share(0.95)],
    jobs: jobs
      .filter(({ statistics: { ended } }) => ended > 0)
      .map(({ key, statistics: { ended, failed, flaky } }) => [key, ended, failed, flaky]),
  };
}
