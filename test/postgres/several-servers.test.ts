import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { databaseNow } from '../../src/store/postgres/writer-session.js';
import { expectHealthy } from '../support/healthy.js';
import { runningTime, scaled } from '../support/machine.js';
import { untilAborted } from '../support/patience.js';
import { caller, claim, define, Engines, startRun, stateOf } from '../support/postgres/engines.js';
import { until } from '../support/until.js';

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

const workflow = 'jobs: { a: { run: x }, b: { run: x, needs: a } }';

function leasesOf(jobs: readonly ClaimedJob[]): string[] {
  return jobs.map(({ leaseId }) => leaseId);
}

/** The duration of a call, in milliseconds. */
async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAt = runningTime();
  const value = await work;
  return { value, ms: runningTime() - startedAt };
}

describe('a claim that waits at one server', () => {
  it('gets the job of a run that another server starts, within milliseconds', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    const latencies: number[] = [];
    for (let round = 0; round < 20; round++) {
      const waiting = claim(one, { waitMs: scaled(10_000) });
      await parked(one);
      const startedAt = runningTime();
      await startRun(two, 'w');
      const [job] = await waiting;
      latencies.push(runningTime() - startedAt);
      expect(job?.jobKey).toBe('a');
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[10]).toBeLessThan(scaled(100));
  });

  it('gets the job that becomes claimable when another server handles the report of its need', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    await startRun(two, 'w');
    const [a] = await claim(two);
    const waiting = claim(one, { waitMs: scaled(10_000) });
    await parked(one);
    await two.completeJob(caller, a?.leaseId ?? '', new Map([['k', 'v']]));
    const { value, ms } = await timed(waiting);
    expect(value[0]?.jobKey).toBe('b');
    expect(value[0]?.upstreamOutputs.get('a')).toEqual(new Map([['k', 'v']]));
    expect(ms).toBeLessThan(scaled(500));
  });

  it('gets a job with labels that are new to the server', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    const waiting = claim(one, { waitMs: scaled(10_000), labels: ['gpu', 'linux'] });
    await parked(one);
    await define(two, 'w', 'jobs: { a: { run: x, labels: [gpu] } }');
    await startRun(two, 'w');
    const { value, ms } = await timed(waiting);
    expect(value[0]?.jobKey).toBe('a');
    expect(ms).toBeLessThan(scaled(900));
  });

  it('gets a job whose notification was lost, within about a second', async () => {
    const [one, two] = [engines.at(0), engines.at(1)];
    await define(two.engine, 'w', 'jobs: { a: { run: x, retries: 1 } }');
    const waiting = claim(one.engine, { waitMs: scaled(10_000) });
    await parked(one.engine);
    // No notification: the job is created directly in the database.
    await startRun(two.engine, 'w');
    const [a] = await waiting;
    await one.engine.releaseJob(caller, a?.leaseId ?? '');
    await claim(one.engine);
    const again = claim(one.engine, { waitMs: scaled(10_000) });
    await parked(one.engine);
    await engines.query(
      `update attempts set outcome = 'lease_expired', ended_at_ms = claimed_at_ms where outcome is null`,
    );
    await engines.query(`update jobs set state = 'queued', attempt = attempt + 1 where state = 'running'`);
    const { value, ms } = await timed(again);
    expect(value[0]?.jobKey).toBe('a');
    expect(ms).toBeLessThan(scaled(2_000));
  });
});

describe('the same request for a run, at several servers at once', () => {
  it('creates one run, and every response names it', async () => {
    await define(engines.at(0).engine, 'w', workflow);
    for (let round = 0; round < 20; round++) {
      const request = { caller, id: 'w', inputs: new Map(), requestId: `request-${round}` };
      const answers = await Promise.all(engines.members.map(({ engine }) => engine.startRun(request)));
      expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    }
    expect(await engines.query('select count(*)::int as count from runs')).toEqual([{ count: 20 }]);
  });
});

describe('the same request for a job, at several servers at once', () => {
  const jobsOf = 'jobs: { a: { run: x }, b: { run: x }, c: { run: x }, d: { run: x } }';

  it('leases one job, and every response names it', async () => {
    await define(engines.at(0).engine, 'w', jobsOf);
    for (let round = 0; round < 25; round++) {
      await startRun(engines.at(0).engine, 'w');
      const again = { requestId: `claim-${round}`, maxJobs: 2 };
      const answers = await Promise.all(engines.members.map(({ engine }) => claim(engine, again)));
      const [first = [], ...others] = answers.map((jobs) => jobs.map(({ leaseId }) => leaseId).sort());
      expect(first).toHaveLength(2);
      for (const other of others) expect(other).toEqual(first);
      for (const leaseId of first) await engines.at(1).engine.completeJob(caller, leaseId, new Map());
    }
    expect(await engines.query('select count(*)::int as count from attempts')).toEqual([{ count: 50 }]);
  });

  it('is left to the server that is answering it when a claim waits for a job here', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', 'jobs: { a: { run: x } }');
    const waiting = claim(one, { waitMs: scaled(30_000), requestId: 'claim-1' });
    await parked(one);
    const answering = await engines.holdRequest('claim-1');
    // The transaction that makes the job claimable would serve the claim, if the other server were not answering it.
    await startRun(one, 'w');
    expect(await engines.query('select job from attempts')).toEqual([]);
    // The other server found no job after all.
    await answering.end();
    expect(await waiting).toHaveLength(1);
  });

  it('leases one job when the claims wait for it', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(one, 'w', 'jobs: { a: { run: x } }');
    for (let round = 0; round < 10; round++) {
      const stop = new AbortController();
      const input = {
        workerId: 'w',
        labels: [],
        onlyLabelled: false,
        leaseTtlSecs: 30,
        waitMs: scaled(10_000),
        maxJobs: 1,
      };
      const waiting = [one, two].map((engine) =>
        engine.claimJobs({ caller, ...input, requestId: `claim-${round}` }, untilAborted(stop.signal)),
      );
      await Promise.all([parked(one), parked(two)]);
      await startRun(round % 2 === 0 ? one : two, 'w');
      const [job] = await Promise.race(waiting);
      stop.abort();
      for (const jobs of await Promise.all(waiting)) expect([[], [job?.leaseId]]).toContainEqual(leasesOf(jobs));
      expect(await engines.query('select count(*)::int as count from attempts')).toEqual([{ count: round + 1 }]);
    }
  });
});

it("a server that starts after a long pause gives leases their full time by the database's clock, not its own", async () => {
  const { engine } = engines.at(0);
  await define(engine, 'w', 'jobs: { a: { run: x } }');
  await startRun(engine, 'w');
  await claim(engine, { leaseTtlSecs: 600 });
  // The state after two minutes without a write.
  await engines.query('update attempts set expires_at_ms = expires_at_ms - 120000, deadline_ms = deadline_ms - 120000');
  await engines.query('update commit_marks set at_ms = at_ms - 120000');
  const [before] = await engines.query<{ at: number }>(`select ${databaseNow}::float8 as at`);
  engines.members.push(await engines.join(undefined, { aheadMs: 300_000 }));
  const [after] = await engines.query<{ at: number }>(`select ${databaseNow}::float8 as at`);
  const [lease] = await engines.query<{ expires: number }>('select expires_at_ms::float8 as expires from attempts');
  expect(lease?.expires).toBeGreaterThanOrEqual((before?.at ?? 0) + 600_000);
  expect(lease?.expires).toBeLessThanOrEqual((after?.at ?? 0) + 600_000);
});

it('a job starts after the end of its last need, however far the clocks of the servers differ', async () => {
  const ahead = await engines.join(undefined, { aheadMs: 2_000 });
  engines.members.push(ahead);
  const other = engines.at(0).engine;
  await define(
    other,
    'w',
    'jobs: { a: { run: x, priority: 1 }, b: { run: x, needs: a }, c: { run: x }, d: { run: x, needs: [b, c], if: always() } }',
  );
  await startRun(other, 'w');
  const [a] = await claim(other);
  const [c] = await claim(other);
  // `b` is skipped with it.
  await ahead.engine.failJob(caller, a?.leaseId ?? '', { error: 'no', retryable: false });
  await other.completeJob(caller, c?.leaseId ?? '', new Map());
  const [d] = await claim(other);
  expect(d?.jobKey).toBe('d');
  await expectHealthy(engines.at(0).store.longRead);
});

describe('changes at one server', () => {
  it('are seen by a claim at another that does not wait', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    expect(await claim(one)).toEqual([]);
    await startRun(two, 'w');
    await until('the job is claimed', async () => (await claim(one)).length === 1, { withinMs: 900 });
  });

  it('reach the holder of a lease at another: renewed, cancelled, refused', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    const run = await startRun(two, 'w');
    const [a] = await claim(one, { waitMs: scaled(10_000) });
    const lease = a?.leaseId ?? '';
    const news: unknown[] = [];
    const watch = one.watchLeases((item) => news.push(item));
    watch.add(lease);
    expect(await two.heartbeatLease(caller, lease)).toEqual({ ttlSecs: 30, stop: null, drain: null });
    await two.cancelRun({ caller, id: run, force: false, requestId: null });
    await until('the message of the cancel', () => news.length > 0, { withinMs: 900 });
    expect(news).toEqual([{ kind: 'stop', leaseId: lease, reason: 'cancelled', withinMs: expect.any(Number) }]);
    await expect(one.completeJob(caller, lease, new Map())).rejects.toMatchObject({ reason: 'cancelled' });
    expect(await stateOf(one, run)).toBe('cancelled');
    watch.stop();
  });

  it('are followed at another: a log as it grows, to the end of the job', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    const run = await startRun(two, 'w');
    const [a] = await claim(two);
    const lease = a?.leaseId ?? '';
    const seen: string[] = [];
    const following = (async () => {
      const query = { id: run, jobKey: 'a', attempt: null, limit: null, after: '', tail: null };
      for await (const batch of one.followJobLogs(query, new AbortController().signal)) {
        for (const chunk of batch.chunks) seen.push(chunk.data);
      }
    })();
    const delays: number[] = [];
    for (let sequence = 0; sequence < 10; sequence++) {
      const startedAt = runningTime();
      const chunk = {
        runId: '',
        jobKey: '',
        sequence,
        data: `${sequence}\n`,
        timestampMs: 1,
        stream: 'stdout' as const,
      };
      await two.pushLogs(caller, lease, [chunk]);
      await until('the chunk', () => seen.length === sequence + 1, { withinMs: 2_000 });
      delays.push(runningTime() - startedAt);
    }
    await two.completeJob(caller, lease, new Map());
    await following;
    expect(seen).toEqual(Array.from({ length: 10 }, (_, at) => `${at}\n`));
    delays.sort((a, b) => a - b);
    expect(delays[5]).toBeLessThan(scaled(300));
  });

  it('are watched at another: each change once and in order', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    await define(two, 'w', workflow);
    const run = await startRun(two, 'w');
    const numbers: number[] = [];
    const types: string[] = [];
    const watching = (async () => {
      for await (const batch of one.watchRuns({ id: run, afterEvent: 0 }, new AbortController().signal)) {
        for (const event of batch.events) {
          numbers.push(event.number);
          types.push(event.type);
        }
      }
    })();
    for (const engine of [two, one]) {
      const [job] = await claim(engine, { waitMs: scaled(5_000) });
      await engine.completeJob(caller, job?.leaseId ?? '', new Map());
    }
    await watching;
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(types[0]).toBe('run.queued');
    expect(types.at(-1)).toBe('run.success');
    expect(types.filter((type) => type === 'run.running')).toHaveLength(1);
  });

  it('expire leases that another server granted, and neither server expires one twice', async () => {
    const [one, two] = [engines.at(0), engines.at(1)];
    await define(two.engine, 'w', 'jobs: { a: { run: x, retries: 3 } }');
    const run = await startRun(two.engine, 'w');
    await claim(one.engine, { leaseTtlSecs: 1, waitMs: scaled(10_000) });
    await one.stop();
    engines.members.shift();
    await until('the job is queued again', async () => (await claim(two.engine)).length === 1);
    const [count] = await engines.query(`select count(*)::int as count from attempts where outcome = 'lease_expired'`);
    expect(count).toEqual({ count: 1 });
    expect(await stateOf(two.engine, run)).toBe('running');
  });
});

describe('definitions', () => {
  it('of files stay when a server with other files starts, and are removed with the file of a server that had it', async () => {
    const [one, two] = [engines.at(0).engine, engines.at(1).engine];
    const listed = async () =>
      (await engines.query<{ id: string }>('select id from workflows where removed_at_ms is null order by id')).map(
        ({ id }) => id,
      );
    await define(one, 'ci', workflow);
    await one.removeMissingWorkflows(['ci']);
    await define(two, 'release', workflow);
    await two.removeMissingWorkflows(['release']);
    await (await addMember()).engine.removeMissingWorkflows([]);
    expect(await listed()).toEqual(['ci', 'release']);
    await one.removeMissingWorkflows([]);
    expect(await listed()).toEqual(['release']);
  });

  it('of the same file at several servers create one version', async () => {
    const jobs = Array.from({ length: 50 }, (_, at) => `j${at}: { run: x, labels: [l${at % 7}] }`).join(', ');
    const yaml = `jobs: { ${jobs} }`;
    const third = await engines.join();
    engines.members.push(third);
    const outcomes = await Promise.all(engines.members.map(({ engine }) => define(engine, 'w', yaml)));
    expect(outcomes.filter((outcome) => outcome !== 'unchanged')).toHaveLength(1);
    expect(await engines.query('select number, whole from versions')).toEqual([{ number: '1', whole: '1' }]);
  });

  it('of many jobs at several servers create one version, and incomplete ones do not count', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`j${at}`, { run: 'x' }]));
    const text = JSON.stringify({ jobs });
    const outcomes = await Promise.all(
      engines.members.map(({ engine }) =>
        engine.define({ id: 'w', source: 'file', text: Buffer.from(text), format: 'json', file: 'w.json' }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome !== 'unchanged')).toHaveLength(1);
    const [whole] = await engines.query('select count(*)::int as count from versions where whole = 1');
    expect(whole).toEqual({ count: 1 });
    const run = await startRun(engines.at(1).engine, 'w');
    const jobsOfRun = (await engines.at(0).engine.workflowStatus(run)).jobs;
    expect(jobsOfRun).toHaveLength(5_000);
  });
});

async function addMember(): Promise<Engines['members'][number]> {
  const member = await engines.join();
  engines.members.push(member);
  return member;
}

/** Waits until a claim is parked at the server. */
async function parked(engine: Engines['members'][number]['engine']): Promise<void> {
  await engine.context.writer.drained();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
