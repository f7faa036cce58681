import { afterEach, beforeEach, expect, it } from 'vitest';
import { scaled, sized } from '../support/machine.js';
import { caller, claim, define, Engines, startRun } from '../support/postgres/engines.js';

/** The total number of runs that race for the places of groups; 10,000 for a long run. */
const runs = sized({ of: 'raced runs', asked: process.env.RACE_RUNS, full: 10_000, floor: 1_000 });

/** Each has several children. */
const nodeRuns = Math.ceil(runs / 4);

const workers = 24;

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

/** Two workflows share one group with different numbers of places, and a third has a group with one place. */
const workflows = {
  one: '{ concurrency: { group: shared, max: 1 }, jobs: { a: { run: x } } }',
  two: '{ concurrency: { group: shared, max: 2 }, jobs: { a: { run: x }, b: { run: x, needs: a } } }',
  alone: '{ concurrency: alone, jobs: { a: { run: x }, b: { run: x } } }',
} as const;

it(
  `runs that race at two servers for the places of groups get them one after the other, and no place is lost (${runs} runs)`,
  {
    timeout: scaled(60_000 + runs * 40),
  },
  () =>
    race(
      workflows,
      { 'run:shared': 2, 'run:alone': 1 },
      `select g.key, g.in_use::int as in_use, count(n.no)::int as holders from gates as g
      left join runs as n on n.gate = g.no and n.held = 0 and n.ended_at_ms is null group by g.no`,
    ),
);

/** The same for jobs: in one workflow jobs of both groups follow one another, and a retry keeps its place. */
const workflowsOfJobs = {
  one: '{ jobs: { a: { run: x, concurrency: { group: shared, max: 1 } }, b: { run: x, needs: a, concurrency: alone } } }',
  two: '{ jobs: { a: { run: x, retries: 1, concurrency: { group: shared, max: 2 } }, b: { run: x, needs: a, concurrency: { group: shared, max: 2 } } } }',
  alone: '{ jobs: { a: { run: x, concurrency: alone }, b: { run: x, concurrency: alone } } }',
} as const;

it(
  `jobs that race at two servers for the places of groups get them one after the other, and no place is lost (${runs} runs)`,
  {
    timeout: scaled(60_000 + runs * 60),
  },
  () =>
    race(
      workflowsOfJobs,
      { 'job:shared': 2, 'job:alone': 1 },
      `select g.key, g.in_use::int as in_use, count(j.id)::int as holders from gates as g
      left join jobs as j on j.gate = g.no and j.state in ('queued', 'delayed', 'running') group by g.no`,
    ),
);

/** Children of nodes; some also need a place in a group. One key covers the gates of all nodes. */
const workflowsOfNodes = {
  one: '{ jobs: { a: { run: x, strategy: { matrix: { n: [0, 1, 2, 3] }, max-parallel: 2 } }, b: { run: x, needs: a } } }',
  two: '{ jobs: { a: { run: x, strategy: { matrix: { n: [0, 1, 2] }, max-parallel: 2, fail-fast: false }, concurrency: { group: shared, max: 1 } } } }',
} as const;

it(
  `children that race at two servers for the places of their nodes get them one after the other (${nodeRuns} runs)`,
  {
    timeout: scaled(60_000 + nodeRuns * 200),
  },
  () =>
    race(
      workflowsOfNodes,
      { node: 2, 'job:shared': 1 },
      `select case when g.key like 'node:%' then 'node' else g.key end as key, g.in_use::int as in_use,
        count(w.gate)::int as holders from gates as g
      left join (select (p.value ->> 0)::bigint as gate from jobs as j, jsonb_array_elements(j.places::jsonb) as p
        where j.state in ('held', 'queued', 'delayed', 'running') and p.value ->> 2 is not null) as w on w.gate = g.no
      group by g.no`,
      // The end of the last child locks the child first and then its node; a cancel locks the node first. Such a
      // deadlock is retried.
      { total: nodeRuns, mayDeadlock: true },
    ),
);

async function race(
  workflows: Readonly<Record<string, string>>,
  placesOf: Readonly<Record<string, number>>,
  holdersByGate: string,
  { total = runs, mayDeadlock = false }: { readonly total?: number; readonly mayDeadlock?: boolean } = {},
): Promise<void> {
  for (const [id, text] of Object.entries(workflows)) await define(engines.at(0).engine, id, text);
  const ids = Object.keys(workflows);
  const before = await deadlocks();
  let started = 0;
  let live = 0;
  let producing = true;

  async function produce(at: number): Promise<void> {
    while (started < total) {
      started += 1;
      live += 1;
      const id = ids[started % ids.length] ?? 'one';
      const runId = await startRun(engines.at(at).engine, id);
      // Some are cancelled, whatever their state by then.
      if (started % 7 === 0)
        await engines.at(at + 1).engine.cancelRun({ caller, id: runId, force: false, requestId: null });
      if (started % 50 === 0) live = Number((await openRuns())[0]?.count);
      while (live > 60) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        live = Number((await openRuns())[0]?.count);
      }
    }
  }

  async function work(at: number): Promise<void> {
    while (producing) {
      const jobs = await claim(engines.at(at).engine, { workerId: `w${at}`, maxJobs: 1 + (at % 3), waitMs: 100 });
      // Another server handles the report; the run may have been cancelled in between.
      const report = (leaseId: string) => engines.at(at + 1).engine.completeJob(caller, leaseId, new Map());
      await Promise.all(jobs.map(({ leaseId }) => report(leaseId).catch(() => {})));
    }
  }

  /** During the race no group has more runs with a place than places, and the counter matches the rows. */
  async function watch(): Promise<void> {
    while (producing) {
      const rows = await engines.query<{ key: string; in_use: number; holders: number }>(holdersByGate);
      for (const { key, in_use, holders } of rows) {
        expect(holders, key).toBe(in_use);
        expect(holders, key).toBeLessThanOrEqual(placesOf[key] ?? 0);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const others = [watch(), ...Array.from({ length: workers }, (_, at) => work(at))];
  await Promise.all([produce(0), produce(1), produce(0), produce(1)]);
  while (Number((await openRuns())[0]?.count) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  producing = false;
  await Promise.all(others);

  const ended = await engines.query<{ state: string; count: number }>(
    `select state, count(*)::int as count from runs group by state order by state`,
  );
  expect(ended.map(({ state }) => state)).toEqual(['cancelled', 'success']);
  expect(ended.reduce((sum, { count }) => sum + count, 0)).toBe(started);
  expect(
    await engines.query(`select key, in_use::int as in_use from gates where key not like 'node:%' order by key`),
  ).toEqual(
    Object.keys(placesOf)
      .filter((key) => key !== 'node')
      .sort()
      .map((key) => ({ key, in_use: 0 })),
  );
  expect(await engines.query(`select key from gates where key like 'node:%' and in_use <> 0`)).toEqual([]);
  if (!mayDeadlock) expect(await deadlocks()).toEqual(before);
}

function openRuns(): Promise<{ count: number }[]> {
  return engines.query<{ count: number }>('select count(*)::int as count from runs where ended_at_ms is null');
}

function deadlocks(): Promise<{ deadlocks: number }[]> {
  return engines.query<{ deadlocks: number }>(
    'select deadlocks::int as deadlocks from pg_stat_database where datname = current_database()',
  );
}
