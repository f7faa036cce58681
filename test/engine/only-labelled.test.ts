import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const onlyLabelled = { labels: ['gpu'], onlyLabelled: true };
const everything = { labels: ['gpu'], onlyLabelled: false };

describe('a worker that takes only labelled jobs', () => {
  it('claims those whose labels it has, and leaves jobs without labels to others', async () => {
    await fixture.run('jobs: { plain: { run: x, priority: 9 }, train: { run: x, labels: gpu } }');
    const mine = await fixture.claimMany(5, onlyLabelled);
    expect(mine.map(({ jobKey }) => jobKey)).toEqual(['train']);
    expect(await fixture.claim(onlyLabelled)).toBeNull();
    expect((await fixture.claimed(everything)).jobKey).toBe('plain');
  });

  it('gets nothing if it has no labels itself', async () => {
    await fixture.run('jobs: { plain: { run: x }, train: { run: x, labels: gpu } }');
    expect(await fixture.claim({ labels: [], onlyLabelled: true })).toBeNull();
  });

  it('shares a transaction with a worker of the same labels that takes every job', async () => {
    await fixture.run('jobs: { plain: { run: x }, train: { run: x, labels: gpu } }');
    const [picky, other] = await Promise.all([
      fixture.claimMany(2, { ...onlyLabelled, workerId: 'picky' }),
      fixture.claimMany(2, { ...everything, workerId: 'other' }),
    ]);
    expect(picky.map(({ jobKey }) => jobKey)).toEqual(['train']);
    expect(other.map(({ jobKey }) => jobKey)).toEqual(['plain']);
  });

  it('keeps waiting when a job without labels arrives, which goes to another waiting worker', async () => {
    const picky = fixture.claimMany(1, { ...onlyLabelled, workerId: 'picky', waitMs: 30_000 });
    const other = fixture.claimMany(1, { ...everything, workerId: 'other', waitMs: 30_000 });
    await settled();
    await fixture.run('jobs: { plain: { run: x } }');
    expect((await other)[0]?.jobKey).toBe('plain');
    await fixture.run('jobs: { train: { run: x, labels: gpu } }');
    expect((await picky)[0]?.jobKey).toBe('train');
  });

  it('is pushed no other job in a session', async () => {
    const keys: string[] = [];
    const session = fixture.engine.openSession(
      { caller: fixture.caller, workerId: 'w1', ...onlyLabelled, leaseTtlSecs: 30, slots: 2, version: '' },
      {
        hasRoom: () => true,
        jobs: (jobs) => keys.push(...jobs.map(({ jobKey }) => jobKey)),
        leaseEvent() {},
        drain: () => {},
        failed(error) {
          throw error;
        },
      },
    );
    session.addCredits(2);
    await settled();
    await fixture.run('jobs: { plain: { run: x }, train: { run: x, labels: gpu } }');
    await settled();
    expect(keys).toEqual(['train']);
    session.close();
  });
});

describe('the list of workers', () => {
  const shown = async () =>
    (await fixture.engine.listWorkers({ limit: 10, offset: 0 })).map((worker) => [
      worker.workerId,
      worker.onlyLabelled,
    ]);

  it('shows the workers that take only labelled jobs, by the newest registration', async () => {
    const worker = { workerId: 'w1', labels: ['gpu'], slots: 1, version: '' };
    await fixture.engine.registerWorker({ ...worker, onlyLabelled: true });
    expect(await shown()).toEqual([['w1', true]]);
    await fixture.engine.registerWorker({ ...worker, onlyLabelled: false });
    expect(await shown()).toEqual([['w1', false]]);
  });

  it('shows it for a worker that claims without having registered', async () => {
    await fixture.claim({ ...onlyLabelled, workerId: 'bare' });
    expect(await shown()).toEqual([['bare', true]]);
  });
});

describe('a job without labels that only such workers could take', () => {
  const reasonOf = async (run: string) => {
    const { reasons } = await fixture.engine.explainJob(run, 'plain');
    return { ...reasons[0]?.reason, sentence: reasons[0]?.sentence };
  };
  const register = (workerId: string, onlyLabelled: boolean) =>
    fixture.engine.registerWorker({ workerId, labels: ['gpu'], onlyLabelled, slots: 1, version: '' });

  it('reports that, and the remedy', async () => {
    const run = await fixture.run('jobs: { plain: { run: x } }');
    await register('gpu-1', true);
    expect(await reasonOf(run)).toMatchObject({
      code: 'no_matching_worker',
      requiredLabels: [],
      liveWorkers: 1,
      onlyLabelledWorkers: 1,
      sentence:
        'It requires no label, and the one live worker takes only jobs with labels (--only-labelled). ' +
        'Start a worker that takes every job, or give the job a label.',
    });
    await register('gpu-2', true);
    expect((await reasonOf(run)).sentence).toContain('all 2 live workers take only jobs with labels');
  });

  it('counts only workers that take the job as matching', async () => {
    const run = await fixture.run('jobs: { plain: { run: x } }');
    await register('gpu-1', true);
    await register('all', false);
    expect(await reasonOf(run)).toMatchObject({ code: 'waits_for_worker', matchingWorkers: 1, freeWorkers: 1 });
  });
});
