import { join } from 'node:path';
import Database from 'better-sqlite3';
import { benchFolder, serveFolder } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { loadWholeLives, sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runRequest } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { quantile } from '../statistics.js';
import { createWorkflow, independentJobs } from '../workflows.js';

/** Set `BENCH_OLD_RUNS` for a shorter measurement. */
const oldRuns = Number(process.env.BENCH_OLD_RUNS ?? 100_000);
const connections = 16;
const warmUpMs = 1_000;
/** The time limit of pruning. */
const patienceMs = 900_000;
const dayMs = 24 * 60 * 60 * 1000;

const kept = { RETENTION_RUNS_DAYS: '0', RETENTION_LOGS_DAYS: '0' };
const pruned = { RETENTION_RUNS_DAYS: '30', RETENTION_LOGS_DAYS: '14' };

export const pruning: Measure = {
  name: 'pruning',
  title: `${oldRuns.toLocaleString('en').replaceAll(',', ' ')} old runs are deleted while 16 connections claim, complete and start runs`,
  async run({ seconds }) {
    const folder = benchFolder();
    const file = join(folder.path, 'data', 'workflow-graph.db');
    const workflowId = await fill(folder.path);
    const count = agedRuns(file);

    const before = await claimsDuring(folder.path, kept, workflowId, lasting(seconds));
    const startedAt = performance.now();
    const during = await claimsDuring(folder.path, pruned, workflowId, () => {
      if (performance.now() - startedAt > patienceMs) throw new Error(`${count.left()} old runs are left`);
      return count.left() > 0;
    });
    const tookSecs = (performance.now() - startedAt) / 1000;
    const after = await claimsDuring(folder.path, kept, workflowId, lasting(seconds));
    count.close();
    folder.remove();

    const without = [...before, ...after];
    const [p99, p99Without] = [quantile(during, 0.99), quantile(without, 0.99)];
    return [
      figure('runs taken away', oldRuns / tookSecs, '/s'),
      figure('claims without pruning: p50', quantile(without, 0.5), 'ms'),
      figure('  p99', p99Without, 'ms'),
      figure('  before / after: p99', quantile(before, 0.99), 'ms'),
      figure('', quantile(after, 0.99), 'ms'),
      figure('claims while runs are deleted: p50', quantile(during, 0.5), 'ms'),
      figure('  p99', p99, 'ms'),
      figure('  ratio of the p99', p99 / p99Without, '×', atMost(2)),
    ];
  },
};

/** Creates runs that end, through the server; returns their workflow. */
async function fill(folder: string): Promise<string> {
  const server = await serveFolder(folder, kept);
  const workflowId = await createWorkflow(server.url, independentJobs(1));
  let ended = 0;
  while (ended < oldRuns) {
    const load = { url: server.url, workflowId, connections: 64, warmUpMs: 0, measuredMs: 2_000 };
    ended += (await loadWholeLives(load)).total.completed;
  }
  await server.stop();
  return workflowId;
}

/** Makes the runs of a stopped server old, `oldRuns` of them, and counts how many of those remain. */
function agedRuns(file: string): { left(): number; close(): void } {
  const writer = new Database(file);
  writer
    .prepare(
      `update runs set ended_at_ms = ended_at_ms - ? where no in (select no from runs where ended_at_ms is not null
       and no not in (select newest_run from workflows where newest_run is not null) order by no limit ?)`,
    )
    .run(100 * dayMs, oldRuns);
  writer.close();
  const reader = new Database(file, { readonly: true });
  const count = reader.prepare('select count(*) from runs where ended_at_ms < ?').pluck();
  const beforeMs = Date.now() - 30 * dayMs;
  return { left: () => Number(count.get(beforeMs)), close: () => void reader.close() };
}

/** The time starts at the first call, when the server is up. */
function lasting(seconds: number): () => boolean {
  let until: number | null = null;
  return () => {
    until ??= performance.now() + warmUpMs + seconds * 1000;
    return performance.now() < until;
  };
}

/** The duration of each claim while a server ran with these settings, without the first second. */
async function claimsDuring(
  folder: string,
  env: Record<string, string>,
  workflowId: string,
  goesOn: () => boolean,
): Promise<number[]> {
  const server = await serveFolder(folder, env);
  const measuredFrom = performance.now() + warmUpMs;
  const tookMs: number[] = [];
  let isOver = false;
  const work = async (workerId: string): Promise<void> => {
    const connection = await HttpConnection.open(server.url);
    while (!isOver) {
      const askedAt = performance.now();
      const leaseId = leaseIdOf(await sent(connection, claimRequest(workerId)));
      if (askedAt >= measuredFrom) tookMs.push(performance.now() - askedAt);
      await sent(connection, leaseId === null ? runRequest(workflowId) : completeRequest(leaseId));
    }
    connection.close();
  };
  const workers = Array.from({ length: connections }, (_, at) => work(`bench-${at}`));
  // Polled rarely, since counting costs the generator's processor time.
  do await new Promise((resolve) => setTimeout(resolve, 250));
  while (goesOn());
  isOver = true;
  await Promise.all(workers);
  await server.stop();
  return tookMs;
}
