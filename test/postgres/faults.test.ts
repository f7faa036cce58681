import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../crash/random.js';
import { runningTime, scaled, sized } from '../support/machine.js';
import { Cluster } from '../support/postgres/cluster.js';
import { finishAndCompare } from '../support/postgres/compare-journal.js';
import { claim, define, Engines, startRun } from '../support/postgres/engines.js';
import { JournalLoad } from '../support/postgres/journal-load.js';
import { createTestDatabase, makeTemplate, queryOnce } from '../support/postgres/test-database.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

/** The bound for full recovery after the database has returned, in milliseconds. */
const normalWithinMs = scaled(5_000);

/** Flags allow more of both. */
const crashes = sized({ of: 'crashes of PostgreSQL', asked: process.env.FAULT_CRASHES, full: 20, floor: 6 });
const terminations = sized({
  of: 'terminated sessions',
  asked: process.env.FAULT_TERMINATIONS,
  full: 200,
  floor: 60,
});

/** Seeds the time until each crash, and until the database is available again. */
const seed = Number(process.env.FAULT_SEED ?? 1);

const workflow = `jobs:
  a: { run: x, retries: 5 }
  b: { run: x, needs: a, retries: 5 }
  c: { run: x, needs: a, retries: 5 }
  d: { run: x, needs: [b, c], retries: 5 }
`;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await makeTemplate(cluster.url);
});

afterAll(() => cluster.end());

async function enginesOn(count: number): Promise<Engines> {
  const { url } = await createTestDatabase(cluster.url);
  return Engines.start(count, url);
}

/** The time after the return of the database until a server is ready and accepts a change, in milliseconds. */
async function backToNormal(server: ServerProcess, workflowId: string): Promise<number> {
  const backAt = runningTime();
  await until('the server is ready', async () => (await fetch(`${server.url}/readyz`)).status === 200);
  await server.api().run(workflowId);
  return runningTime() - backAt;
}

describe('under load', () => {
  it(`loses nothing to ${terminations} terminated sessions`, {
    timeout: scaled(60_000 + terminations * 200),
  }, async () => {
    const engines = await enginesOn(3);
    await define(engines.at(0).engine, 'w', workflow);
    const load = new JournalLoad(engines);
    load.start('w', 2, 12);
    for (let ended = 0; ended < terminations; ) {
      const [killed] = await engines.query<{ count: number }>(
        `select count(*) filter (where pg_terminate_backend(pid))::int as count from (
           select pid from pg_stat_activity where application_name like 'workflow-graph%' and datname = current_database()
           order by random() limit 3) as victims`,
      );
      ended += killed?.count ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await finishAndCompare(engines, load);
    expect(load.journal.completed.size).toBeGreaterThan(terminations / 4);
    await engines.end();
  });

  it(`loses nothing to ${crashes} crashes of the database`, {
    timeout: scaled(60_000 + crashes * 10_000),
  }, async () => {
    const engines = await enginesOn(2);
    const server = await startServerProcess({ env: { DATABASE_URL: engines.url } });
    const id = await server.api().define(workflow);
    const load = new JournalLoad(engines);
    load.start(id, 2, 12);
    console.log(`FAULT_SEED=${seed}`);
    const random = new Random(seed);
    const recoveriesMs: number[] = [];
    for (let crash = 0; crash < crashes; crash++) {
      await new Promise((resolve) => setTimeout(resolve, random.within(150, 450)));
      await cluster.crash();
      const during = fetch(`${server.url}/readyz`).then(({ status }) => status);
      await new Promise((resolve) => setTimeout(resolve, random.within(0, 300)));
      await cluster.resume();
      recoveriesMs.push(await backToNormal(server, id));
      // If it was called during the outage it reported the outage, unless that ended before its timeout.
      expect([200, 503]).toContain(await during);
    }
    // One in ten may have met a busy machine; most take a tenth of a second.
    recoveriesMs.sort((a, b) => a - b);
    expect(recoveriesMs[Math.floor((crashes - 1) * 0.9)]).toBeLessThan(normalWithinMs);
    await finishAndCompare(engines, load);
    expect(load.journal.completed.size).toBeGreaterThan(crashes);
    await server.stop();
    await engines.end();
  });
});

describe('a database outage', () => {
  it('makes calls wait, refuses those that waited long, is reported, and is over within 5 seconds of the return', async () => {
    const engines = await enginesOn(2);
    const [one, two] = [engines.at(0), engines.at(1)];
    await define(one.engine, 'w', 'jobs: { a: { run: x, labels: [other] } }');
    await startRun(one.engine, 'w');
    const parked = claim(two.engine, { labels: ['none'], waitMs: 60_000 });
    const [held] = await claim(one.engine, { labels: ['other'], leaseTtlSecs: 3 });
    await two.engine.context.writer.drained();
    await cluster.halt();

    const short = startRun(one.engine, 'w');
    short.catch(() => {});
    expect((await one.engine.ready()).ready).toBe(false);
    await expect(startRun(two.engine, 'w')).rejects.toMatchObject({ code: 'unavailable' });
    await cluster.resume();

    const backAt = runningTime();
    await until('both servers are ready', async () => {
      const all = await Promise.all(engines.members.map(({ engine }) => engine.ready()));
      return all.every(({ ready }) => ready);
    });
    await startRun(two.engine, 'w');
    expect(runningTime() - backAt).toBeLessThan(normalWithinMs);
    expect(one.news.map((item) => item.kind)).toEqual(['lost', 'back']);

    // No worker could renew during the outage, so the lease got its time again.
    await one.engine.heartbeatLease({ credential: null }, held?.leaseId ?? '');
    // Notifications are received again.
    await define(one.engine, 'none', 'jobs: { a: { run: x, labels: [none] } }');
    await startRun(one.engine, 'none');
    expect((await parked)[0]?.workflowId).toBe('none');
    await engines.end();
  });

  it('delays a call made during a restart of the database until it is answered', async () => {
    const engines = await enginesOn(1);
    await define(engines.at(0).engine, 'w', workflow);
    const starts = Array.from({ length: 20 }, () => startRun(engines.at(0).engine, 'w'));
    await cluster.crash();
    starts.push(startRun(engines.at(0).engine, 'w'));
    await cluster.resume();
    const runs = await Promise.all(starts);
    const stored = await queryOnce<{ id: string }>(engines.url, 'select id from runs');
    expect(stored.map(({ id }) => id).sort()).toEqual([...runs].sort());
    await engines.end();
  });
});
