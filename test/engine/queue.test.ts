import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let world: EngineFixture;

beforeEach(async () => {
  world = await new EngineFixture().start();
});

afterEach(() => world.end());

const register = (workerId: string, labels: string[], slots = 1, onlyLabelled = false) =>
  world.engine.registerWorker({ workerId, labels, onlyLabelled, slots, version: 'test' });

describe('the queue', () => {
  test('shows the waiting jobs by labels, first those that no live worker has', async () => {
    await register('w1', ['linux'], 3);
    await world.run(`jobs:
      a: { run: x, labels: linux }
      b: { run: x, labels: linux }
      c: { run: x, labels: [linux, gpu] }
      d: { run: x }
      e: { run: x, needs: a }`);
    await world.environment.advance(5_000);
    const { waiting, labelSets } = await world.engine.queue();
    expect(waiting).toBe(4);
    expect(
      labelSets.map(({ labels, waiting: jobs, isStuck, freeSlots }) => [labels, jobs, isStuck, freeSlots]),
    ).toEqual([
      [['gpu', 'linux'], 1, true, 0],
      [['linux'], 2, false, 3],
      [[], 1, false, 3],
    ]);
    expect(labelSets[0]?.sentence).toContain('No live worker has the label "gpu"');
    expect(labelSets[1]).toMatchObject({
      oldestAtMs: world.environment.now() - 5_000,
      matchingWorkers: 1,
      sentence: 'The oldest has been claimable for 5 s: 1 of 1 matching worker has a free slot.',
    });
  });

  test('lists the jobs of a label set in the order of their claims', async () => {
    const run = await world.run('jobs: { a: { run: x }, b: { run: x, priority: 5 }, c: { run: x } }');
    const [set] = (await world.engine.queue()).labelSets;
    const { jobs, more } = await world.engine.queuedJobs(set?.labelSet ?? -1, 2);
    expect(jobs.map(({ key, run_id: id, priority }) => [key, id, priority])).toEqual([
      ['b', run, 5],
      ['a', run, 0],
    ]);
    expect(more).toBe(true);
    const claimed = await world.claimMany(2);
    expect(claimed.map(({ jobKey }) => jobKey)).toEqual(['b', 'a']);
    await expect(world.engine.queuedJobs(99_999, 10)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('counts the free slots of workers that claim an excessive number of slots', async () => {
    await register('w1', [], 2 ** 32 - 1);
    await register('w2', [], 2 ** 32 - 1);
    await world.run('jobs: { a: { run: x } }');
    expect((await world.engine.queue()).labelSets[0]?.freeSlots).toBe(2 ** 32 - 1);
  });

  test('is empty if nothing waits', async () => {
    expect(await world.engine.queue()).toMatchObject({ waiting: 0, labelSets: [] });
  });
});

test('a worker is shown with all jobs that it runs', async () => {
  const run = await world.run('jobs: { a: { run: x }, b: { run: x }, c: { run: x } }');
  await register('w1', ['linux'], 4);
  await world.claimMany(2, { workerId: 'w1' });
  const { worker, running } = await world.engine.workerDetails('w1');
  expect(worker).toMatchObject({ workerId: 'w1', running: 2, slots: 4, status: 'busy', labels: ['linux'] });
  expect(running.map(({ key, run_id: id, number }) => [key, id, number])).toEqual([
    ['a', run, 0],
    ['b', run, 0],
  ]);
  await expect(world.engine.workerDetails('nobody')).rejects.toMatchObject({ code: 'not_found' });
});
