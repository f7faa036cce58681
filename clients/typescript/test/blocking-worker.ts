/** A process whose one job keeps the event loop busy for three times the life of its lease. Runs from the built package. */
import { Worker } from '@workflow-graph/client';

const leaseTtlSecs = Number(process.argv[3] ?? 1);
const worker = new Worker({
  serverUrl: process.argv[2] ?? '',
  leaseTtlSecs,
  transport: 'http',
  logger: () => {},
  executor: async () => {
    const end = performance.now() + 3_000 * leaseTtlSecs;
    while (performance.now() < end);
    return { blocked: 'yes' };
  },
});
await worker.run();
