import { afterEach } from 'vitest';
import { ServerHere } from '../../../test/support/running-server.js';
import { Worker, type WorkerEvent, type WorkerOptions } from '../src/index.js';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The product's own server, in this process; it ends with the test. */
export async function startRealServer(): Promise<ServerHere> {
  const server = await new ServerHere().start();
  cleanups.push(() => server.end());
  return server;
}

/** A worker on its streams; it ends with the test. */
export function startStreamWorker(
  serverUrl: string,
  options: WorkerOptions = {},
): { readonly worker: Worker; readonly events: WorkerEvent[]; readonly done: Promise<void> } {
  const events: WorkerEvent[] = [];
  const worker = new Worker({
    serverUrl,
    workerId: 'w1',
    graceMs: 500,
    logger: (event) => events.push(event),
    ...options,
  });
  const done = worker.run();
  done.catch(() => {});
  cleanups.push(() => worker.terminate());
  return { worker, events, done };
}
