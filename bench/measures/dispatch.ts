import { startServer } from '../child-server.js';
import { atMost, type Figure, figure } from '../figures.js';
import { loadDispatch } from '../load/dispatch-load.js';
import { type OpenWorkers, openPollingWorkers } from '../load/waiting-workers.js';
import type { Measure } from '../measure.js';
import { quantile } from '../statistics.js';
import { createWorkflow, job } from '../workflows.js';

export const dispatch: Measure = {
  name: 'dispatch',
  title: 'Dispatch: from just before the request of a run until a waiting worker has its job',
  async run({ seconds }) {
    const figures: Figure[] = [];
    for (const runsPerSec of [1_000, 100]) {
      for (const workers of [32, 1_000]) {
        // An idle virtual processor and disk add about half a millisecond at 100/s, so that pace has no target.
        figures.push(
          ...(await dispatchOf(runsPerSec, workers, seconds, runsPerSec >= 1_000 ? { p50: 2, p99: 8 } : null)),
        );
      }
    }
    return figures;
  },
};

/** The targets of the median and of the 99th percentile, in milliseconds. */
interface DispatchTarget {
  readonly p50: number;
  readonly p99: number;
}

/** Dispatch at one pace to one number of workers. */
export async function dispatchOf(
  runsPerSec: number,
  workers: number,
  seconds: number,
  target: DispatchTarget | null,
  openWorkers: OpenWorkers = openPollingWorkers,
): Promise<Figure[]> {
  const server = await startServer();
  const result = await loadDispatch({
    url: server.url,
    workflowId: await createWorkflow(server.url, [job('only')]),
    workers,
    runsPerSec,
    warmUpMs: 1_000,
    measuredMs: seconds * 1000,
    openWorkers,
  });
  await server.stop();
  const wanted = (ms: number | undefined) => (ms === undefined ? null : atMost(ms));
  return [
    figure(
      `${runsPerSec} runs/s, ${workers} workers: p50`,
      quantile(result.fromRequestMs, 0.5),
      'ms',
      wanted(target?.p50),
    ),
    figure('  p99', quantile(result.fromRequestMs, 0.99), 'ms', wanted(target?.p99)),
    figure('  p99.9', quantile(result.fromRequestMs, 0.999), 'ms'),
    figure("  after the producer's answer, p50", quantile(result.fromAnswerMs, 0.5), 'ms'),
    figure("  producer's answer, p50", quantile(result.producerMs, 0.5), 'ms'),
  ];
}
