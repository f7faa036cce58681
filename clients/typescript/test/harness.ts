import { afterEach } from 'vitest';
import { Worker, type WorkerEvent, type WorkerOptions } from '../src/index.js';
import { FakeServer } from './fake-server.js';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A fake server that ends with the test. */
export async function startServer(): Promise<FakeServer> {
  const server = await new FakeServer().start();
  cleanups.push(() => server.stop());
  return server;
}

export interface RunningWorker {
  readonly worker: Worker;
  readonly events: WorkerEvent[];
  readonly done: Promise<void>;
  /** Resolves with the first event of the type, past or to come. */
  event<Type extends WorkerEvent['type']>(type: Type): Promise<Extract<WorkerEvent, { type: Type }>>;
}

/** A worker that ends with the test. */
export function startWorker(server: FakeServer, options: WorkerOptions = {}): RunningWorker {
  const events: WorkerEvent[] = [];
  let waiting: (() => void)[] = [];
  const worker = new Worker({
    serverUrl: server.url,
    workerId: 'w1',
    // The fake speaks HTTP/1.1 alone.
    transport: 'http',
    graceMs: 1_000,
    logger: (event) => {
      events.push(event);
      for (const resolve of waiting.splice(0)) resolve();
    },
    ...options,
  });
  const done = worker.run();
  done.catch(() => {});
  cleanups.push(async () => {
    // What a test leaves running must not wait for a server that the test has stopped.
    await server.stop();
    await server.start();
    await worker.terminate();
  });
  const event: RunningWorker['event'] = async (type) => {
    for (;;) {
      const found = events.find((one) => one.type === type);
      if (found) return found as Extract<WorkerEvent, { type: typeof type }>;
      await new Promise<void>((resolve) => {
        waiting = [...waiting, resolve];
      });
    }
  };
  return { worker, events, done, event };
}
