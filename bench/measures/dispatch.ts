import { startServer } from '../child-server.js';
import { atMost, type Figure, figure } from '../figures.js';
import { loadDispatch } from '../load/dispatch-load.js';
import type { Measure } from '../measure.js';
import { quantile } from '../statistics.js';
import { createWorkflow, job } from '../workflows.js';

export const dispatch: Measure = {
  name: 'dispatch',
  title: 'Dispatch: from just before a run is asked for until a worker that waits has its job in hand',
  async run({ seconds }) {
    const figures: Figure[] = [];
    for (const runsPerSec of [1_000, 100]) {
      for (const workers of [32, 1_000]) {
        figures.push(...(await dispatchOf(runsPerSec, workers, seconds)));
      }
    }
    return figures;
  },
};

async function dispatchOf(runsPerSec: number, workers: number, seconds: number): Promise<Figure[]> {
  const server = await startServer();
  const result = await loadDispatch({
    url: server.url,
    workflowId: await createWorkflow(server.url, [job('only')]),
    workers,
    runsPerSec,
    warmUpMs: 1_000,
    measuredMs: seconds * 1000,
  });
  await server.stop();
  // An idle virtual processor and disk add about half a millisecond at 100/s, so the targets are those of the faster pace.
  const target = (ms: number) => (runsPerSec >= 1_000 ? atMost(ms) : null);
  return [
    figure(`${runsPerSec} runs/s, ${workers} workers: p50`, quantile(result.fromRequestMs, 0.5), 'ms', target(2)),
    figure('  p99', quantile(result.fromRequestMs, 0.99), 'ms', target(8)),
    figure('  p99.9', quantile(result.fromRequestMs, 0.999), 'ms'),
    figure("  after the producer's answer, p50", quantile(result.fromAnswerMs, 0.5), 'ms'),
    figure("  producer's answer, p50", quantile(result.producerMs, 0.5), 'ms'),
  ];
}
