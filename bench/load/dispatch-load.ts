import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.js';
import { sent } from './whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runIdOfClaim, runIdOfRun, runRequest } from './worker-requests.js';

export interface DispatchLoad {
  readonly url: string;
  /** A workflow of one job. */
  readonly workflowId: string;
  readonly workers: number;
  readonly runsPerSec: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface DispatchResult {
  /** From just before the run is asked for until a worker has its job. */
  readonly fromRequestMs: readonly number[];
  /** From the producer's answer until a worker has the job; negative when the worker had it first. */
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

const waitSecs = 20;

/**
 * A producer starts runs of one job at a fixed pace, whether or not the answers keep up; workers wait for them by long
 * poll, complete at once, and wait again.
 */
export async function loadDispatch(load: DispatchLoad): Promise<DispatchResult> {
  const producers = await openMany(load.url, Math.min(64, Math.max(4, load.runsPerSec / 20)));
  const workers = await openMany(load.url, load.workers);
  const runs = new Map<string, RunTimes>();
  const timesOf = (id: string): RunTimes => {
    let times = runs.get(id);
    if (times === undefined) {
      times = { askedAt: Number.NaN, answeredAt: Number.NaN, receivedAt: Number.NaN };
      runs.set(id, times);
    }
    return times;
  };
  let stopping = false;
  let completed = 0;

  const working = workers.map(async (connection, at) => {
    const claim = claimRequest(`bench-${at}`, { waitSecs });
    while (!stopping) {
      const body = await sent(connection, claim);
      const receivedAt = performance.now();
      const leaseId = leaseIdOf(body);
      if (leaseId === null) continue;
      timesOf(runIdOfClaim(body) ?? '').receivedAt = receivedAt;
      await sent(connection, completeRequest(leaseId));
      completed += 1;
    }
  });
  const ended = Promise.all(
    working.map((worker) => worker.catch((error) => (stopping ? null : Promise.reject(error)))),
  );
  await Promise.race([ended, sleep(500)]);

  const totalMs = load.warmUpMs + load.measuredMs;
  await Promise.race([ended, produce(producers, load, totalMs, timesOf)]);
  while (completed < runs.size) await Promise.race([ended, sleep(20)]);
  stopping = true;
  for (const connection of [...workers, ...producers]) connection.close();
  await ended;

  const measured = [...runs.values()].filter(({ askedAt }) => askedAt >= load.warmUpMs + origin(runs));
  return {
    fromRequestMs: measured.map((run) => run.receivedAt - run.askedAt),
    fromAnswerMs: measured.map((run) => run.receivedAt - run.answeredAt),
    producerMs: measured.map((run) => run.answeredAt - run.askedAt),
    started: runs.size,
    completed,
  };
}

async function produce(
  connections: readonly HttpConnection[],
  load: DispatchLoad,
  totalMs: number,
  timesOf: (id: string) => RunTimes,
): Promise<void> {
  const idle = [...connections];
  const request = runRequest(load.workflowId);
  const asked: Promise<void>[] = [];
  const startedAt = performance.now();
  let sentCount = 0;
  for (;;) {
    const elapsedMs = performance.now() - startedAt;
    const due = Math.floor((Math.min(elapsedMs, totalMs) * load.runsPerSec) / 1000);
    for (; sentCount < due; sentCount += 1) {
      const connection = idle.pop();
      if (connection === undefined) throw new Error(`the server does not keep up with ${load.runsPerSec} runs/s`);
      asked.push(askForRun(connection, request, timesOf).then(() => void idle.push(connection)));
    }
    if (elapsedMs >= totalMs) break;
    await sleep(1);
  }
  await Promise.all(asked);
}

async function askForRun(
  connection: HttpConnection,
  request: string,
  timesOf: (id: string) => RunTimes,
): Promise<void> {
  const askedAt = performance.now();
  const body = await sent(connection, request);
  const times = timesOf(runIdOfRun(body) ?? '');
  times.askedAt = askedAt;
  times.answeredAt = performance.now();
}

function openMany(url: string, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(url)));
}

function origin(runs: ReadonlyMap<string, RunTimes>): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { askedAt } of runs.values()) earliest = Math.min(earliest, askedAt);
  return earliest;
}
