/** The thread that renews a worker's leases, even while jobs block the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { LeaseRenewer } from './lease-renewer.js';
import type { HeartbeatSettings, ToHeartbeatThread } from './messages.js';

const renewer = new LeaseRenewer(workerData as HeartbeatSettings, (message) => parentPort?.postMessage(message));
parentPort?.on('message', (message: ToHeartbeatThread) => renewer.receive(message));
