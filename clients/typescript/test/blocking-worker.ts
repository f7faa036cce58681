/** A process whose one job keeps the event loop busy for three seconds under leases of one. Runs from the built package. */
import { Worker } from '@workflow-graph/client';

const worker = new Worker({
  serverUrl: process.argv[2] ?? '',
  leaseTtlSecs: 1,
  transport: 'http',
  logger: () => {},
  executor: async () => {
    const end = performance.now() + 3_000;
    while (performance.now() < end);
    return { blocked: 'yes' };
  },
});
await worker.run();
