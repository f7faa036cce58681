import { startServer } from '../child-server.js';
import { atMost, type Figure, figure } from '../figures.js';
import { loadDispatch } from '../load/dispatch-load.js';
import { openStreamWorkers } from '../load/waiting-workers.js';
import type { Measure } from '../measure.js';
import { type PostgresServer, withPostgres } from '../postgres-server.js';
import { quantile } from '../statistics.js';
import { createWorkflow, job } from '../workflows.js';

export const postgresDispatch: Measure = {
  name: 'postgres-dispatch',
  title: 'Dispatch across two servers on PostgreSQL: a run is requested at one, its worker has a stream at the other',
  named: true,
  run: ({ seconds }) => withPostgres((database) => dispatchAcross(database, seconds * 1000)),
};

async function dispatchAcross(database: PostgresServer, measuredMs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const runsPerSec of [100, 1_000]) {
    const url = await database.createDatabase(`bench_dispatch_${runsPerSec}`);
    const [near, far] = [await startServer(url), await startServer(url)];
    const result = await loadDispatch({
      url: near.url,
      workflowId: await createWorkflow(near.url, [job('only')]),
      workers: 32,
      runsPerSec,
      warmUpMs: 2_000,
      measuredMs,
      openWorkers: (_, workers, heard) => openStreamWorkers(far.url, workers, heard),
    });
    for (const server of [near, far]) await server.stop();
    // The faster pace keeps two processors busy with servers, database and load; its times are printed, but have no target.
    const target = (ms: number) => (runsPerSec <= 100 ? atMost(ms) : null);
    figures.push(
      figure(
        `dispatch across servers, ${runsPerSec} runs/s, 32 streams: p50`,
        quantile(result.fromRequestMs, 0.5),
        'ms',
        target(5),
      ),
      figure('  p99', quantile(result.fromRequestMs, 0.99), 'ms', target(20)),
      figure('  p99.9', quantile(result.fromRequestMs, 0.999), 'ms'),
      figure("  producer's answer, p50", quantile(result.producerMs, 0.5), 'ms'),
    );
  }
  return figures;
}
