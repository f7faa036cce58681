import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { checkLogs } from './checks/logs.js';
import { checkRefusal } from './checks/refusal.js';
import { checkAccepted, noteReport } from './checks/report.js';
import { Counters } from './counters.js';
import type { Lease } from './model/lease.js';
import { offerOf } from './model/offer.js';
import { missingIn, rareThings } from './rare-things.js';
import { runSeed } from './run-seed.js';
import { Scenario } from './scenario.js';
import { Simulation } from './simulation.js';

const run = (seed: number) => runSeed({ seed, length: 1, tell: null });

/** A world in which much has happened and nothing is wrong yet. */
async function livelyWorld(seed = 2): Promise<Simulation> {
  const simulation = await Simulation.make(seed, null);
  new Scenario(simulation, 1).begin();
  while (simulation.leases.byId.size < 20 && simulation.world.events < 5_000) await simulation.world.step();
  expect(simulation.world.violations).toEqual([]);
  return simulation;
}

/** A lease of this world whose attempt ended like this. */
function leaseThat(simulation: Simulation, outcome: Lease['attempt']['outcome']): Lease {
  const found = [...simulation.leases.byId.values()].find(({ attempt }) => attempt.outcome === outcome);
  if (found === undefined) throw new Error(`no lease ended by ${outcome}`);
  return found;
}

const success = { kind: 'success', outputs: new Map(), error: '', retryable: false, exitCode: null } as const;

describe('a seed', () => {
  it('gives the same history each time', async () => {
    for (const seed of [3, 4]) expect((await run(seed)).hash).toBe((await run(seed)).hash);
  });

  it('gives the same history in another process', async () => {
    const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const;
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'test/sim/tsconfig.json'], options);
    const told = execFileSync(process.execPath, ['dist/sim/test/sim/main.js', '--seed', '3'], options);
    const { events, hash } = await run(3);
    expect(told).toContain(`seed 3: ${events} events, trace ${hash}`);
  });

  it('gives another history than another seed', async () => {
    const hashes = await Promise.all([5, 6, 7, 8].map(async (seed) => (await run(seed)).hash));
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('the model', () => {
  it.each([
    ["update jobs set state = 'success' where state in ('waiting', 'queued', 'running')", 'state is'],
    ['update jobs set attempt = attempt + 1', 'attempt is'],
    ["update jobs set outputs = '{}' where state <> 'success'", 'outputs is'],
    ['delete from attempts', 'attempts is'],
    ['update attempts set outcome = null', 'live leases is'],
    ['delete from jobs where id % 1048576 = 0', 'every job of a run is there'],
    ['update runs set open = open + 1', 'the database holds what the model holds: run'],
    ['update runs set cancelled = 1', 'the database holds what the model holds: run'],
  ])('notices "%s"', async (damage, promise) => {
    const simulation = await livelyWorld();
    simulation.database.connection.query(damage, []);
    simulation.compareAll();
    expect(simulation.world.violations.join('\n')).toContain(promise);
  });

  it.each([
    ['a gap between events', { number: 2, type: 'run.success' }, 'event numbers have no gaps'],
    ['time that goes back', { at_ms: -1_000, type: 'run.running' }, 'events are in the order of time'],
    ['an event of a run that is not there', { run: 9_999, type: 'run.running' }, 'events are of runs that are there'],
    ['a run that begins twice', { type: 'run.running' }, 'a run goes from queued to running to its end'],
    ['a job that ends without running', { job: 0, type: 'job.success' }, 'jobs change only as the rules say'],
    ['a job that is cancelled by nobody', { job: 0, type: 'job.cancelled' }, 'jobs change only as the rules say'],
  ])('notices %s', async (_, change, promise) => {
    const simulation = await livelyWorld();
    const { model, database } = simulation;
    const ended = [...model.runs.values()].find((one) => one.state === 'running' && one.cancelRequests === 0);
    const last = model.events.at(-1);
    if (ended === undefined || last === undefined) throw new Error('nothing has happened');
    const event = { number: 1, at_ms: 0, run: ended.no, job: null as number | null, ...change };
    const job =
      event.job === null
        ? null
        : event.run * 2 ** 20 + (ended.jobs.find((one) => one.state !== 'running')?.def.ord ?? 0);
    database.connection.query(
      'insert into events (number, at_ms, type, run, job, attempt, data) values (?, ?, ?, ?, ?, 0, null)',
      [last.number + event.number, last.at_ms + event.at_ms, event.type, event.run, job],
    );
    model.afterCommit();
    expect(simulation.world.violations.join('\n')).toContain(promise);
  });
});

describe('the checks', () => {
  it('notice a report that is acknowledged and not stored', async () => {
    const simulation = await livelyWorld();
    const lease = leaseThat(simulation, null);
    checkAccepted(simulation, lease, noteReport(lease, success), null);
    expect(simulation.world.violations.join('\n')).toContain('what is acknowledged is stored');
  });

  it('notice a second end of a lease', async () => {
    const simulation = await livelyWorld();
    const lease = leaseThat(simulation, 'success');
    const other = noteReport(lease, { ...success, outputs: new Map([['v', 'another']]) });
    checkAccepted(simulation, lease, other, null);
    expect(simulation.world.violations.join('\n')).toContain('a lease has at most one end');
  });

  it('notice a report that is taken after the lease, and one after the timeout that does not time out', async () => {
    const simulation = await livelyWorld();
    const lease = leaseThat(simulation, 'success');
    lease.timeoutAtMs = { sure: 0, perhaps: lease.perhapsUntilMs };
    const report = [...lease.reports.values()].find(({ accepted }) => accepted > 0);
    if (report === undefined) throw new Error('nothing was accepted');
    report.accepted = 0;
    checkAccepted(simulation, lease, report, lease.perhapsUntilMs);
    const told = simulation.world.violations.join('\n');
    expect(told).toContain('nothing is taken after the lease');
    expect(told).toContain('what is reported after the timeout has timed out');
  });

  it.each(['unknown_lease', 'completed', 'cancelled', 'superseded', 'lease_expired'] as const)(
    'notice that a live lease is refused as %s',
    async (reason) => {
      const simulation = await livelyWorld();
      const lease = leaseThat(simulation, null);
      checkRefusal(simulation, { call: 'complete', lease, report: null, receivedAtMs: 0, reason });
      expect(simulation.world.violations.join('\n')).toContain('every 409 is justified');
    },
  );

  it('detect an acknowledged log chunk that is missing, and one that was never sent', async () => {
    const simulation = await livelyWorld(1);
    simulation.database.connection.query('update log_chunks set sequence = sequence + 100', []);
    checkLogs(simulation);
    const told = simulation.world.violations.join('\n');
    expect(told).toContain('an acknowledged chunk is stored');
    expect(told).toContain('a stored chunk was sent under a lease that counts');
  });

  it('notice a worker that waits beside a job that it could run', async () => {
    const simulation = await livelyWorld();
    const { world, waiting, model, servers } = simulation;
    const [server] = servers;
    const job = [...model.runs.values()].flatMap((one) => one.jobs.map((of) => ({ run: one, job: of })))[0];
    if (server?.live == null || job === undefined) throw new Error('nothing runs');
    model.setQueued(job);
    waiting.add({
      workerId: 'w',
      server,
      live: server.live,
      offer: offerOf({ labels: job.job.def.labels, onlyLabelled: false }),
      sinceMs: 0,
      wants: 1,
    });
    const until = world.nowMs + 60_000;
    while (world.violations.length === 0 && world.nowMs < until) {
      await world.step();
      if (!model.queued.has(job.run.no * 2 ** 20 + job.job.def.ord)) model.setQueued(job);
      job.job.queuedSinceMs = 0;
      waiting.check();
    }
    expect(world.violations.join('\n')).toContain('no worker waits beside a job that it could run');
  });
});

describe('rare things', () => {
  it('that never happened are named', () => {
    const counters = new Counters();
    for (const name of rareThings.slice(1)) counters.add(name);
    expect(missingIn(counters)).toEqual(rareThings.slice(0, 1));
  });
});
