import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/healthy.js';
import { scaled, sized } from '../support/machine.js';
import { caller, claim, define, Engines, startRun, stateOf } from '../support/postgres/engines.js';

/** The total number of claimed jobs; 100,000 for a long run. */
const claims = sized({
  of: 'raced claims',
  asked: process.env.RACE_CLAIMS ?? (process.env.CI === 'true' ? undefined : '20000'),
  full: 100_000,
  floor: 20_000,
});

const workers = 96;
const jobsPerRun = 20;

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(3);
});

afterEach(() => engines.end());

/** A fan of jobs of several label sets between a first and a last job. */
function fan(): string {
  const middle = Array.from({ length: jobsPerRun - 2 }, (_, at) => `m${at}`);
  const lines = middle.map((key, at) => `  ${key}: { run: x, needs: first, labels: [l${at % 3}] }`);
  return ['jobs:', '  first: { run: x }', ...lines, `  last: { run: x, needs: [${middle.join(', ')}] }`].join('\n');
}

describe('claims that race at three servers', () => {
  it(`never lease a job twice, and lose no child (${claims} claims)`, {
    timeout: scaled(60_000 + claims * 10),
  }, async () => {
    await define(engines.at(0).engine, 'w', fan());
    const runs: string[] = [];
    const runsWanted = Math.ceil(claims / jobsPerRun);
    const leases = new Map<string, number>();
    let done = 0;
    let started = 0;

    async function produce(at: number): Promise<void> {
      while (started < runsWanted) {
        started += 1;
        runs.push(await startRun(engines.at(at).engine, 'w'));
        // Jobs are created about as fast as they are claimed, so that claims compete for a short queue.
        while (started * jobsPerRun - done > 2_000) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }

    async function work(at: number): Promise<void> {
      const waits = at % 2 === 0;
      while (done < runsWanted * jobsPerRun) {
        const input = {
          workerId: `w${at}`,
          labels: ['l0', 'l1', 'l2'],
          maxJobs: 1 + (at % 5),
          waitMs: waits ? 200 : 0,
        };
        const jobs = await claim(engines.at(at).engine, input);
        for (const job of jobs) {
          const key = `${job.runId}/${job.jobKey}/${job.attempt}`;
          leases.set(key, (leases.get(key) ?? 0) + 1);
        }
        // The report goes to another server than the claim, as behind a load balancer.
        await Promise.all(jobs.map((job) => engines.at(at + 1).engine.completeJob(caller, job.leaseId, new Map())));
        done += jobs.length;
      }
    }

    const startedAt = performance.now();
    await Promise.all([produce(0), produce(1), ...Array.from({ length: workers }, (_, at) => work(at))]);
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(
      `${done} jobs claimed and reported at three servers in ${seconds.toFixed(1)} s: ${Math.round(done / seconds)} a second`,
    );

    expect([...leases.values()].filter((count) => count !== 1)).toEqual([]);
    expect(leases.size).toBe(runsWanted * jobsPerRun);
    const states = new Set(await Promise.all(runs.slice(0, 50).map((run) => stateOf(engines.at(2).engine, run))));
    expect(states).toEqual(new Set(['success']));
    const [open] = await engines.query(`select count(*)::int as count from jobs where state <> 'success'`);
    expect(open).toEqual({ count: 0 });
    const [runsOpen] = await engines.query(
      `select count(*)::int as count from runs where state <> 'success' or open <> 0`,
    );
    expect(runsOpen).toEqual({ count: 0 });
    const [events] = await engines.query('select max(number)::int - count(*)::int as missing from events');
    expect(events).toEqual({ missing: 0 });
    // The doctor joins whole tables, for which the planner needs statistics; autovacuum may not have run yet.
    await engines.query('analyze');
    const reader = await engines.at(0).store.openReader();
    await expectHealthy(reader);
    await reader.close();
  });

  it('that end their wait while their job is being stored still get it', async () => {
    await define(engines.at(0).engine, 'w', 'jobs: { a: { run: x }, b: { run: x }, c: { run: x } }');
    let delivered = 0;
    let producing = true;
    const claimants = Array.from({ length: 12 }, async (_, at) => {
      while (producing) {
        const jobs = await claim(engines.at(at).engine, { waitMs: 1 + (at % 6) });
        delivered += jobs.length;
      }
    });
    for (let run = 0; run < 100; run++) await startRun(engines.at(run).engine, 'w');
    while (delivered < 300 && (await engines.query(`select 1 from jobs where state = 'queued' limit 1`)).length > 0);
    producing = false;
    await Promise.all(claimants);
    const [leased] = await engines.query('select count(*)::int as count from attempts');
    expect(leased).toEqual({ count: delivered });
  });
});
