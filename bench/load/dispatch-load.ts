import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.js';
import { type OpenWorkers, openPollingWorkers } from './waiting-workers.js';
import { sent } from './whole-lives.js';
import { runIdOfRun, runRequest } from './worker-requests.js';

export interface DispatchLoad {
  readonly url: string;
  /** A workflow of one job. */
  readonly workflowId: string;
  readonly workers: number;
  readonly runsPerSec: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** How the workers wait; by long poll if absent. */
  readonly openWorkers?: OpenWorkers;
}

export interface DispatchResult {
  /** From just before the request of the run until a worker has its job. */
  readonly fromRequestMs: readonly number[];
  /** From the producer's response until a worker has the job; negative if the worker had it first. */
  readonly fromAnswerMs: readonly number[];
  readonly producerMs: readonly number[];
  readonly started: number;
  readonly completed: number;
}

interface RunTimes {
  askedAt: number;
  answeredAt: number;
  receivedAt: number;
}

const producerConnections = 64;

/**
 * A producer starts runs of one job at a fixed pace, independent of the responses; workers wait for them, complete
 * immediately, and wait again.
 */
export async function loadDispatch(load: DispatchLoad): Promise<DispatchResult> {
  const producers = await openMany(load.url, producerConnections);
  const runs = new Map<string, RunTimes>();
  const timesOf = (id: string): RunTimes => {
    let times = runs.get(id);
    if (times === undefined) {
      times = { askedAt: Number.NaN, answeredAt: Number.NaN, receivedAt: Number.NaN };
      runs.set(id, times);
    }
    return times;
  };
  let completed = 0;
  const workers = await (load.openWorkers ?? openPollingWorkers)(load.url, load.workers, {
    received(runId, at) {
      timesOf(runId).receivedAt = at;
    },
    completed() {
      completed += 1;
    },
  });
  try {
    await Promise.race([workers.failed, sleep(500)]);
    await Promise.race([workers.failed, produce(producers, load, load.warmUpMs + load.measuredMs, timesOf)]);
    while (completed < runs.size) await Promise.race([workers.failed, sleep(20)]);
  } finally {
    workers.close();
    for (const connection of producers) connection.close();
  }

  const times = [...runs.values()].sort((a, b) => a.askedAt - b.askedAt);
  const measuredFrom = (times[0]?.askedAt ?? 0) + load.warmUpMs;
  const measured = times.filter(({ askedAt }) => askedAt >= measuredFrom);
  return {
    fromRequestMs: measured.map((run) => run.receivedAt - run.askedAt),
    fromAnswerMs: measured.map((run) => run.receivedAt - run.answeredAt),
    producerMs: measured.map((run) => run.answeredAt - run.askedAt),
    started: runs.size,
    completed,
  };
}

/**
 * Requests runs at the given pace. If every connection is busy a request waits, and its time counts from when it was
 * due.
 */
async function produce(
  connections: readonly HttpConnection[],
  load: DispatchLoad,
  totalMs: number,
  timesOf: (id: string) => RunTimes,
): Promise<void> {
  const request = runRequest(load.workflowId);
  const idle = [...connections];
  const overdue: number[] = [];
  const asking = new Set<Promise<void>>();
  const startedAt = performance.now();

  async function ask(connection: HttpConnection, askedAt: number): Promise<void> {
    for (let at: number | undefined = askedAt; at !== undefined; at = overdue.shift()) {
      const body = await sent(connection, request);
      const times = timesOf(runIdOfRun(body) ?? '');
      times.askedAt = at;
      times.answeredAt = performance.now();
    }
    idle.push(connection);
  }

  let asked = 0;
  for (;;) {
    const elapsedMs = performance.now() - startedAt;
    const due = Math.floor((Math.min(elapsedMs, totalMs) * load.runsPerSec) / 1000);
    for (; asked < due; asked += 1) {
      const connection = idle.pop();
      const askedAt = performance.now();
      if (connection === undefined) {
        overdue.push(askedAt);
        continue;
      }
      const answered = ask(connection, askedAt);
      asking.add(answered);
      answered.then(
        () => asking.delete(answered),
        () => {},
      );
    }
    if (elapsedMs >= totalMs) break;
    await sleep(1);
  }
  await Promise.all(asking);
}

function openMany(url: string, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(url)));
}
