import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { runningTime, scaled } from '../support/machine.js';
import { caller, claim, define, Engines, startRun } from '../support/postgres/engines.js';
import { until } from '../support/until.js';

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

const workflow = 'jobs: { a: { run: x }, b: { run: x, needs: a } }';

describe('a pause at one server', () => {
  const pause = (at: number, kind: 'workflow' | 'run' | 'label', subject: string) =>
    engines.at(at).engine.pause({ caller, kind, subject, reason: '' });
  const resume = (at: number, kind: 'workflow' | 'run' | 'label', subject: string) =>
    engines.at(at).engine.resume({ caller, kind, subject });
  /** Waits until a server knows this many paused runs and labels, and holds the jobs that it made claimable before. */
  const known = (at: number, count: number) =>
    until('the other server knows', async () => {
      const { pauses } = engines.at(at).engine.context;
      return pauses.runs.size + pauses.labels.size + pauses.workflowCount === count;
    });

  it('of a label withholds jobs from the workers of another within a second, until it is resumed there', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(one, 'w', 'jobs: { a: { run: x, labels: [gpu] } }');
    const startedAt = runningTime();
    await pause(0, 'label', 'gpu');
    await known(1, 1);
    expect(runningTime() - startedAt).toBeLessThan(scaled(1_000));
    await startRun(one, 'w');
    expect(await claim(two, { labels: ['gpu'] })).toEqual([]);
    const waiting = claim(one, { waitMs: scaled(10_000), labels: ['gpu'] });
    await parked(one);
    await resume(1, 'label', 'gpu');
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['a']);
  });

  it('of a run holds the jobs that another makes claimable, and resume leaves none held', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    const keys = Array.from({ length: 40 }, (_, n) => `j${n}: { run: x, needs: first }`);
    await define(one, 'w', `jobs: { first: { run: x }, ${keys.join(', ')} }`);
    for (let round = 0; round < 5; round++) {
      const run = await startRun(one, 'w');
      const [first] = await claim(two, { waitMs: scaled(10_000) });
      // Concurrently: in either order, the jobs end up held.
      await Promise.all([pause(0, 'run', run), two.completeJob(caller, first?.leaseId ?? '', new Map())]);
      await known(1, 1);
      await until('all are held', async () => {
        const [row] = await engines.query<{ count: number }>(
          `select count(*)::int as count from jobs where state = 'held'`,
        );
        return row?.count === keys.length;
      });
      expect(await claim(two, { maxJobs: 50 })).toEqual([]);
      await resume(1, 'run', run);
      const jobs: ClaimedJob[] = [];
      await until('all are claimed', async () => {
        jobs.push(...(await claim(one, { maxJobs: 50, workerId: 'w1' })));
        return jobs.length === keys.length;
      });
      for (const { leaseId } of jobs) await one.completeJob(caller, leaseId, new Map());
      await known(0, 0);
      await known(1, 0);
    }
  });

  it('of a workflow holds the runs that another starts', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(one, 'w', workflow);
    await pause(0, 'workflow', 'w');
    await known(1, 1);
    await startRun(two, 'w');
    expect(await claim(one)).toEqual([]);
    const waiting = claim(two, { waitMs: scaled(10_000) });
    await parked(two);
    await resume(0, 'workflow', 'w');
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['a']);
  });
});

describe('a drain at one server', () => {
  it('keeps jobs from the worker at another, until it is undone there', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    const worker = { caller, workerId: 'w1' };
    await one.registerWorker({ workerId: 'w1', labels: [], onlyLabelled: false, slots: 1, version: '' });
    await define(one, 'w', workflow);
    const waiting = claim(two, { waitMs: scaled(30_000), workerId: 'w1' });
    await parked(two);
    await one.drainWorker({ ...worker, stop: true, reason: '' });
    await until('the other server knows', async () => two.drainOf('w1')?.stop === true);
    await startRun(one, 'w');
    expect(await claim(two, { workerId: 'w1' })).toEqual([]);
    await one.undrainWorker(worker);
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['a']);
    expect(two.drainOf('w1')).toBeNull();
  });
});

async function parked(engine: Engines['members'][number]['engine']): Promise<void> {
  await engine.context.writer.drained();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
