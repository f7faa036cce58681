import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.js';
import { JobStream } from './job-stream.js';
import { sent } from './whole-lives.js';
import { runRequest } from './worker-requests.js';

export interface StreamLivesLoad {
  /** The servers: streams and producers are assigned to them in turn. */
  readonly urls: readonly [string, ...string[]];
  readonly workflowId: string;
  readonly jobsPerRun: number;
  readonly streams: number;
  readonly slots: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Called when the measured time begins, and when it ends. */
  readonly onMeasured?: (edge: 'begin' | 'end') => void;
}

export interface StreamLivesResult {
  /** Reports that were answered within the measured time. */
  readonly lives: number;
  readonly seconds: number;
  /** Over the whole load, including warm-up and end. */
  readonly total: { readonly completed: number; readonly runs: number };
}

const producerConnections = 16;

/**
 * Workers with many slots complete each job as soon as it is pushed; producers start runs while less than twice the
 * number of slots is in progress. At the end all started runs are finished. A refused report, or a session that ends,
 * ends the load with an error.
 */
export async function loadStreamLives(load: StreamLivesLoad): Promise<StreamLivesResult> {
  const urlOf = (at: number): string => load.urls[at % load.urls.length] ?? load.urls[0];
  const producers = await Promise.all(
    Array.from({ length: producerConnections }, (_, at) => HttpConnection.open(urlOf(at))),
  );
  const count = { completed: 0, runs: 0, lives: 0 };
  const startsAt = performance.now() + load.warmUpMs;
  const endsAt = startsAt + load.measuredMs;
  const jobsWanted = load.streams * load.slots * 2;
  const failure = Promise.withResolvers<never>();
  let roomAgain = Promise.withResolvers<void>();

  const streams = Array.from({ length: load.streams }, (_, at) => {
    const stream: JobStream = new JobStream(urlOf(at), `bench-${at}`, load.slots, {
      claimed(claims) {
        for (const { lease } of claims) if (lease !== undefined) stream.complete(lease.lease_id);
      },
      reported(ended) {
        const now = performance.now();
        count.completed += ended;
        if (now >= startsAt && now < endsAt) count.lives += ended;
        if (underWay() < jobsWanted) {
          roomAgain.resolve();
          roomAgain = Promise.withResolvers();
        }
      },
      failed: failure.reject,
    });
    return stream;
  });
  const underWay = () => count.runs * load.jobsPerRun - count.completed;
  const run = runRequest(load.workflowId);

  async function produce(connection: HttpConnection): Promise<void> {
    while (performance.now() < endsAt) {
      if (underWay() >= jobsWanted) {
        await roomAgain.promise;
        continue;
      }
      count.runs += 1;
      await sent(connection, run);
    }
  }

  const edges = [
    setTimeout(() => load.onMeasured?.('begin'), load.warmUpMs),
    setTimeout(() => load.onMeasured?.('end'), load.warmUpMs + load.measuredMs),
  ];
  try {
    await Promise.race([failure.promise, Promise.all(producers.map(produce))]);
    while (underWay() > 0) await Promise.race([failure.promise, sleep(20)]);
  } finally {
    for (const edge of edges) clearTimeout(edge);
    for (const each of [...streams, ...producers]) each.close();
  }
  const { lives, ...total } = count;
  return { lives, seconds: load.measuredMs / 1000, total };
}
