import { type ChildServer, startServer } from '../child-server.js';
import { atLeast, type Figure, figure } from '../figures.js';
import { type Rival, type RivalMode, rivalLives } from '../load/rival.js';
import { loadStreamLives } from '../load/stream-lives.js';
import { loadWholeLives } from '../load/whole-lives.js';
import type { Measure } from '../measure.js';
import { type PostgresServer, query, withPostgres } from '../postgres-server.js';
import { median } from '../statistics.js';
import { createWorkflow, independentJobs } from '../workflows.js';

const jobsPerRun = 10;
const warmUpMs = 2_000;
/** Repetitions of each load, interleaved: disturbances of the machine then affect all alike. */
const rounds = 3;

export const postgres: Measure = {
  name: 'postgres',
  title: 'Whole lives on PostgreSQL: one and two servers, and two job libraries on the same database',
  named: true,
  run: ({ seconds }) => withPostgres((database) => livesOf(database, seconds * 1000)),
};

type Load = (database: PostgresServer, name: string, measuredMs: number) => Promise<number>;

const loads: Readonly<Record<string, Load>> = {
  json1: (database, name, ms) => jsonLives(database, name, 1, ms),
  json2: (database, name, ms) => jsonLives(database, name, 2, ms),
  stream1: (database, name, ms) => streamLives(database, name, 1, ms),
  stream2: (database, name, ms) => streamLives(database, name, 2, ms),
  graphileSingle: ofRival('graphile-worker', 'single'),
  graphileBatches: ofRival('graphile-worker', 'batches'),
  bossSingle: ofRival('pg-boss', 'single'),
  bossBatches: ofRival('pg-boss', 'batches'),
};

async function livesOf(database: PostgresServer, measuredMs: number): Promise<Figure[]> {
  const rates = new Map<string, number[]>(Object.keys(loads).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, load] of Object.entries(loads)) {
      rates.get(name)?.push(await load(database, `bench_${name.toLowerCase()}_${round}`, measuredMs));
    }
  }
  const rate = (name: string) => median(rates.get(name) ?? []);
  /** The median of the ratios within each round. */
  const ratio = (ours: string, theirs: string) =>
    median((rates.get(ours) ?? []).map((own, round) => own / (rates.get(theirs)?.[round] ?? Number.NaN)));
  return [
    figure(`JSON, 64 connections, one server: whole lives, median of ${rounds}`, rate('json1'), '/s'),
    figure('  two servers, 32 connections each', rate('json2'), '/s'),
    figure('  graphile-worker in its own process, job by job', rate('graphileSingle'), '/s'),
    figure('    ratio', ratio('json1', 'graphileSingle'), '×', atLeast(2)),
    figure('  pg-boss in its own process, job by job', rate('bossSingle'), '/s'),
    figure('    ratio', ratio('json1', 'bossSingle'), '×', atLeast(2)),
    figure('job streams, 8 × 64 slots, one server: whole lives', rate('stream1'), '/s'),
    figure('  two servers, 4 streams each', rate('stream2'), '/s'),
    figure('  graphile-worker, in batches', rate('graphileBatches'), '/s'),
    figure('    ratio', ratio('stream1', 'graphileBatches'), '×', atLeast(2)),
    figure('  pg-boss, in batches', rate('bossBatches'), '/s'),
    figure('    ratio', ratio('stream1', 'bossBatches'), '×', atLeast(2)),
  ];
}

function ofRival(rival: Rival, mode: RivalMode): Load {
  return async (database, name, measuredMs) => {
    return rivalLives(rival, { url: await database.createDatabase(name), mode, measuredMs, warmUpMs });
  };
}

/** Each server gets its share of the connections; the work is shared. */
async function jsonLives(database: PostgresServer, name: string, count: number, measuredMs: number): Promise<number> {
  return withServers(database, name, count, async (urls, workflowId) => {
    const parts = await Promise.all(
      urls.map((url) => loadWholeLives({ url, workflowId, connections: 64 / count, warmUpMs, measuredMs })),
    );
    return {
      perSec: parts.reduce((sum, { lives, seconds }) => sum + lives / seconds, 0),
      completed: parts.reduce((sum, { total }) => sum + total.completed, 0),
    };
  });
}

async function streamLives(database: PostgresServer, name: string, count: number, measuredMs: number): Promise<number> {
  return withServers(database, name, count, async (urls, workflowId) => {
    const load = { urls, workflowId, jobsPerRun, streams: 8, slots: 64, warmUpMs, measuredMs };
    const { lives, seconds, total } = await loadStreamLives(load);
    return { perSec: lives / seconds, completed: total.completed };
  });
}

/** Errors: the acknowledged counts differ from the database afterwards. */
async function withServers(
  database: PostgresServer,
  name: string,
  count: number,
  load: (urls: readonly [string, ...string[]], workflowId: string) => Promise<{ perSec: number; completed: number }>,
): Promise<number> {
  const url = await database.createDatabase(name);
  const first = await startServer(url);
  const others: ChildServer[] = [];
  for (let at = 1; at < count; at += 1) others.push(await startServer(url));
  const workflowId = await createWorkflow(first.url, independentJobs(jobsPerRun));
  const { perSec, completed } = await load([first.url, ...others.map((server) => server.url)], workflowId);
  for (const server of [first, ...others]) await server.stop();
  const [stored] = await query(url, `select count(*)::int as jobs from jobs where state = 'success'`);
  if (stored?.jobs !== completed) {
    throw new Error(`${completed} reports were acknowledged; jobs stored: ${stored?.jobs}`);
  }
  return perSec;
}
