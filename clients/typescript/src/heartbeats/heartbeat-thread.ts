/** The thread that renews a worker's leases, even while jobs block the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { HttpRenewals } from './http-renewals.js';
import { LeaseBook, type Renewals } from './lease-book.js';
import type { HeartbeatSettings, ToHeartbeatThread } from './messages.js';
import { StreamRenewals } from './stream-renewals.js';

const settings = workerData as HeartbeatSettings;
const book = new LeaseBook(settings.intervalMs, (message) => parentPort?.postMessage(message));
let renewals: Renewals =
  settings.transport === 'stream' ? new StreamRenewals(book, settings, useHttp) : new HttpRenewals(book, settings);

parentPort?.on('message', (message: ToHeartbeatThread) => {
  switch (message.kind) {
    case 'watch': {
      const lease = { ...message, isStopping: false };
      book.add(lease);
      renewals.add(lease);
      break;
    }
    case 'forget':
      book.forget(message.leaseId);
      break;
    case 'use-http':
      useHttp();
  }
});

function useHttp(): void {
  if (renewals instanceof HttpRenewals) return;
  renewals.stop();
  renewals = new HttpRenewals(book, settings);
  for (const lease of book.leases) renewals.add(lease);
}
