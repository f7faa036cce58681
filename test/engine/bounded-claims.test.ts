import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimLimits } from '../../src/engine/claims/limits.js';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { settled } from '../support/hand-moved-environment.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

/** Nearly the maximum of a job: 15 values of 64 KiB. */
const largeOutputs = Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`k${at}`, 'x'.repeat(64 * 1024)]));

/** A run in which each of `takers` needs all of `makers`, whose outputs are large. */
async function makersAndTakers(makers: number, takers: number): Promise<string> {
  const names = Array.from({ length: makers }, (_, at) => `m${at}`);
  const needs = `needs: [${names.join(', ')}]`;
  const jobs = [
    ...names.map((name) => `${name}: { run: x }`),
    ...Array.from({ length: takers }, (_, at) => `t${at}: { run: x, ${needs} }`),
    'after: { run: x, needs: t0, if: failure() }',
  ];
  const run = await fixture.run(`jobs: { ${jobs.join(', ')} }`);
  for (const job of await fixture.claimMany(makers)) await fixture.complete(job, largeOutputs);
  return run;
}

const bytesOf = (jobs: readonly ClaimedJob[]) =>
  jobs.reduce(
    (sum, { upstreamOutputs }) =>
      sum +
      [...upstreamOutputs.values()].flatMap((of) => [...of.values()]).reduce((all, value) => all + value.length, 0),
    0,
  );

describe('a claim of many jobs', () => {
  it('stops at a number of bytes, and the rest stay claimable', async () => {
    await makersAndTakers(1, 10);
    const sizes: number[] = [];
    for (let left = 10; left > 0; ) {
      const jobs = await fixture.claimMany(100);
      sizes.push(jobs.length);
      expect(bytesOf(jobs)).toBeLessThanOrEqual(claimLimits.jobsBytes);
      left -= jobs.length;
      expect(jobs.length).toBeGreaterThan(0);
    }
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('counts the inputs of the run, which each job carries', async () => {
    const jobs = Array.from({ length: 12 }, (_, at) => `j${at}: { run: x }`);
    await fixture.run(`jobs: { ${jobs.join(', ')} }`, { big: 'x'.repeat(1_000_000) });
    expect(await fixture.claimMany(100)).toHaveLength(4);
  });

  it('assigns the first job whatever its size, and several small ones together', async () => {
    await makersAndTakers(6, 2);
    const [first, ...others] = await fixture.claimMany(100);
    expect(others).toEqual([]);
    expect(first?.upstreamOutputs.size).toBe(6);
    await fixture.complete(await fixture.claimed());
    await fixture.run(`jobs: { ${Array.from({ length: 50 }, (_, at) => `s${at}: { run: x }`).join(', ')} }`);
    expect(await fixture.claimMany(100)).toHaveLength(50);
  });

  it('returns the same jobs if repeated', async () => {
    await makersAndTakers(1, 10);
    const requestId = 'a-request-of-16-characters';
    const first = await fixture.claimMany(100, { requestId });
    expect(first).toHaveLength(4);
    const again = await fixture.claimMany(100, { requestId });
    expect(again.map(({ leaseId }) => leaseId)).toEqual(first.map(({ leaseId }) => leaseId));
  });
});

it('a session is pushed as many jobs as its reader has room for, and the next one after a read', async () => {
  await makersAndTakers(1, 10);
  const pushes: number[] = [];
  let room = 2;
  const session = fixture.engine.openSession(
    {
      caller: fixture.caller,
      workerId: 'w',
      labels: [],
      onlyLabelled: false,
      leaseTtlSecs: 30,
      slots: 50,
      version: '',
    },
    {
      hasRoom: () => room > 0,
      jobs: (jobs) => {
        pushes.push(jobs.length);
        room -= 1;
      },
      leaseEvent: () => {},
      drain: () => {},
      failed: (error) => {
        throw error;
      },
    },
  );
  session.addCredits(50);
  await settled();
  expect(pushes).toEqual([4, 4]);
  room = 1;
  session.resume();
  await settled();
  expect(pushes).toEqual([4, 4, 2]);
  session.close();
});

describe('a job whose needs have more outputs than a job may get', () => {
  it('fails with a clear error, and its dependents continue', async () => {
    const run = await makersAndTakers(18, 1);
    expect(await fixture.claim()).toBeNull();
    await settled();
    const view = await fixture.engine.workflowStatus(run);
    const failed = view.jobs.find(({ key }) => key === 't0');
    expect(failed?.status).toBe('failure');
    expect(failed?.error).toBe(
      'the jobs that this one needs have 16.9 MiB of outputs together, and a job gets at most 16.0 MiB: ' +
        'pass large data by a file or a store, and only its name as an output',
    );
    expect((await fixture.claimed()).jobKey).toBe('after');
  });

  it('does not block the job behind it for a waiting claim', async () => {
    await makersAndTakers(18, 1);
    await fixture.run('jobs: { behind: { run: x } }');
    const waiting = fixture.claimMany(1, { waitMs: 30_000 });
    await settled();
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['after']);
    expect((await fixture.claimed()).jobKey).toBe('behind');
  });
});
