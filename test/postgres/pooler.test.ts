import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runningTime, scaled } from '../support/machine.js';
import { Bouncer, hasBouncer } from '../support/postgres/bouncer.js';
import { caller, claim, define, Engines, startRun, stateOf } from '../support/postgres/engines.js';

let engines: Engines;
let bouncer: Bouncer;

describe.runIf(hasBouncer)('behind pgbouncer in transaction mode', () => {
  beforeEach(async () => {
    engines = await Engines.start(0);
    bouncer = await Bouncer.start(engines.url);
  });

  afterEach(async () => {
    await engines.end();
    await bouncer.end();
  });

  it('a server works, and reports that it cannot hear the other servers', async () => {
    engines.members.push(await engines.join(bouncer.url), await engines.join(bouncer.url));
    const [one, two] = [engines.at(0), engines.at(1)];
    expect(one.news).toEqual([{ kind: 'unheard' }]);
    await define(one.engine, 'w', 'jobs: { a: { run: x }, b: { run: x, needs: a } }');
    for (let round = 0; round < 20; round++) {
      const run = await startRun(one.engine, 'w');
      for (const key of ['a', 'b']) {
        const [job] = await claim(two.engine, { waitMs: scaled(5_000) });
        expect(job?.jobKey).toBe(key);
        await one.engine.completeJob(caller, job?.leaseId ?? '', new Map());
      }
      expect(await stateOf(two.engine, run)).toBe('success');
    }
    expect(one.news).toHaveLength(1);
  });

  it('a waiting claim gets a job that another server makes claimable within about a second', async () => {
    engines.members.push(await engines.join(bouncer.url), await engines.join(bouncer.url));
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(one, 'w', 'jobs: { a: { run: x } }');
    const waiting = claim(two, { waitMs: scaled(10_000) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startedAt = runningTime();
    await startRun(one, 'w');
    expect(await waiting).toHaveLength(1);
    expect(runningTime() - startedAt).toBeLessThan(scaled(2_500));
  });

  it('with a direct address of the database for LISTEN, immediately', async () => {
    engines.members.push(
      await engines.join(bouncer.url, { listenUrl: engines.url }),
      await engines.join(bouncer.url, { listenUrl: engines.url }),
    );
    const [one, two] = [engines.at(0), engines.at(1)];
    expect(one.news).toEqual([]);
    await define(one.engine, 'w', 'jobs: { a: { run: x } }');
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      const waiting = claim(two.engine, { waitMs: scaled(10_000) });
      await new Promise((resolve) => setTimeout(resolve, 100));
      const startedAt = runningTime();
      await startRun(one.engine, 'w');
      expect(await waiting).toHaveLength(1);
      delays.push(runningTime() - startedAt);
    }
    expect(Math.min(...delays)).toBeLessThan(scaled(300));
  });

  it('many clients share few sessions without harm', async () => {
    for (let server = 0; server < 3; server++) engines.members.push(await engines.join(bouncer.url));
    await define(engines.at(0).engine, 'w', 'jobs: { a: { run: x }, b: { run: x }, c: { run: x, needs: [a, b] } }');
    const runs = await Promise.all(Array.from({ length: 30 }, (_, at) => startRun(engines.at(at).engine, 'w')));
    let done = 0;
    await Promise.all(
      Array.from({ length: 9 }, async (_, at) => {
        while (done < 90) {
          const jobs = await claim(engines.at(at).engine, { waitMs: 200 });
          for (const job of jobs) await engines.at(at + 1).engine.completeJob(caller, job.leaseId, new Map());
          done += jobs.length;
        }
      }),
    );
    const states = await Promise.all(runs.map((run) => stateOf(engines.at(0).engine, run)));
    expect(new Set(states)).toEqual(new Set(['success']));
  });
});
