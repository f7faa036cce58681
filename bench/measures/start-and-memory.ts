import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { claimRequest } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { residentMb } from '../process-usage.js';
import { median } from '../statistics.js';

const starts = 7;
const parkedWorkers = 1_000;

export const startAndMemory: Measure = {
  name: 'process',
  title: 'Start of the server, and its resident memory',
  async run() {
    const startMs: number[] = [];
    for (let start = 0; start < starts; start += 1) {
      const server = await startServer();
      startMs.push(server.startMs);
      await server.stop();
    }
    const server = await startServer();
    await sleep(5_000);
    const idleMb = residentMb(server.pid);
    const connections = await Promise.all(Array.from({ length: parkedWorkers }, () => HttpConnection.open(server.url)));
    // The responses never come: the connections are closed first.
    const parked = connections.map((connection, at) =>
      connection.send(claimRequest(`bench-${at}`, { waitSecs: 60 })).catch(() => null),
    );
    await sleep(3_000);
    const parkedMb = residentMb(server.pid);
    for (const connection of connections) connection.close();
    await Promise.all(parked);
    await server.stop();
    const perWorkerKb = idleMb === null || parkedMb === null ? null : ((parkedMb - idleMb) * 1024) / parkedWorkers;
    return [
      figure(`start of the process until it listens, median of ${starts}`, median(startMs) / 1000, 's', atMost(0.6)),
      figure('idle after 5 s', idleMb, 'MB', atMost(150)),
      figure('each of 1 000 workers that wait by long poll adds', perWorkerKb, 'KB', atMost(150)),
    ];
  },
};
