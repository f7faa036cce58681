import { afterEach, beforeEach, expect, it } from 'vitest';
import { scaled, sized } from '../support/machine.js';
import { caller, claim, define, Engines, startRun } from '../support/postgres/engines.js';

/** The number of nodes whose last children end at two servers at once; 10,000 for a long run. */
const nodes = sized({
  of: 'raced nodes',
  asked: process.env.RACE_NODES ?? (process.env.CI === 'true' ? undefined : '300'),
  full: 10_000,
  floor: 300,
});

/** The number of runs that race at a time. */
const runsAtOnce = 25;

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(2);
});

afterEach(() => engines.end());

it(`two servers that end the last children of a node at once close it once, with all outputs in order (${nodes} nodes)`, {
  timeout: scaled(60_000 + nodes * 100),
}, async () => {
  await define(
    engines.at(0).engine,
    'w',
    'jobs: { node: { strategy: { fail-fast: false, matrix: { n: [0, 1] } }, run: x }, after: { needs: node, run: x } }',
  );
  let raced = 0;
  while (raced < nodes) {
    const runs = Math.min(runsAtOnce, nodes - raced);
    for (let at = 0; at < runs; at++) await startRun(engines.at(at).engine, 'w');
    const children = await claimAll(2 * runs);
    // Each node's children end at the same time, one at each server.
    await Promise.all(
      children.map(({ leaseId, child }) =>
        engines.at(child?.index ?? 0).engine.completeJob(caller, leaseId, new Map([['at', String(child?.index)]])),
      ),
    );
    const after = await claimAll(runs);
    for (const { upstreamOutputs } of after)
      expect(upstreamOutputs.get('node')).toEqual(new Map([['at', '["0","1"]']]));
    await Promise.all(after.map(({ leaseId }, at) => engines.at(at).engine.completeJob(caller, leaseId, new Map())));
    raced += runs;
  }
  console.log(`raced: the last children of ${raced} nodes at two servers`);
  const ends = await engines.query<{ nodes: number; ends: number; states: number }>(
    `select count(distinct e.job)::int as nodes, count(*)::int as ends, count(distinct e.type)::int as states
      from events as e join matrices as m on m.job = e.job where e.type in ('job.success', 'job.failure', 'job.cancelled')`,
  );
  expect(ends).toEqual([{ nodes, ends: nodes, states: 1 }]);
  expect(
    await engines.query('select count(*)::int as count from matrices where open <> 0 or failed <> 0 or to_do <> 0'),
  ).toEqual([{ count: 0 }]);
  expect(await engines.query('select distinct state from runs')).toEqual([{ state: 'success' }]);
});

/** This many jobs, claimed alternately at both servers. */
async function claimAll(count: number) {
  const jobs: Awaited<ReturnType<typeof claim>> = [];
  for (let at = 0; jobs.length < count; at++) {
    jobs.push(...(await claim(engines.at(at).engine, { maxJobs: count - jobs.length, waitMs: 100 })));
  }
  return jobs;
}
