import { liveAttempts } from '../../store/statements/attempts.js';
import { listWorkers, type WorkerRow } from '../../store/statements/workers.js';
import type { EngineContext } from '../context.js';
import { type DrainView, drainViewOf } from '../memory/drains.js';
import { offlineAfterMs } from '../memory/workers-seen.js';
import { viewLimits } from './limits.js';

export interface WorkerView {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly registeredAtMs: number;
  readonly lastHeartbeatMs: number;
  readonly currentJob: string | null;
  readonly currentRunId: string | null;
  readonly running: number;
  readonly slots: number;
  readonly version: string;
  readonly status: 'idle' | 'busy' | 'offline';
  /** Null unless it is draining. */
  readonly drain: DrainView | null;
}

interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** One of the jobs that each worker runs, and their number. */
type Running = ReadonlyMap<string, { readonly key: string; readonly runId: string; readonly count: number }>;

/** The workers, newest registration first, with the jobs that they run. */
export function listWorkersVerb(context: EngineContext) {
  return async (page: Page): Promise<WorkerView[]> => readWorkers(context, page, await runningByWorker(context));
}

export async function runningByWorker({ store }: EngineContext): Promise<Running> {
  const running = new Map<string, { key: string; runId: string; count: number }>();
  for (const attempt of await liveAttempts.run(store.longRead, { limit: viewLimits.liveAttempts })) {
    const known = running.get(attempt.worker_id);
    if (known !== undefined) known.count += 1;
    else running.set(attempt.worker_id, { key: attempt.key, runId: attempt.run_id, count: 1 });
  }
  return running;
}

export async function readWorkers(
  { store, environment }: EngineContext,
  page: Page,
  running: Running,
): Promise<WorkerView[]> {
  const workers = await listWorkers.run(store.longRead, page);
  return workers.map((worker) => toWorkerView(worker, running.get(worker.id), environment.now()));
}

export function toWorkerView(
  worker: WorkerRow,
  job: { readonly key: string; readonly runId: string; readonly count: number } | undefined,
  nowMs: number,
): WorkerView {
  const isHeard = nowMs - worker.seen_at_ms < offlineAfterMs;
  return {
    workerId: worker.id,
    labels: JSON.parse(worker.labels) as string[],
    onlyLabelled: worker.only_labelled === 1,
    registeredAtMs: worker.registered_at_ms,
    lastHeartbeatMs: worker.seen_at_ms,
    currentJob: job?.key ?? null,
    currentRunId: job?.runId ?? null,
    running: job?.count ?? 0,
    slots: worker.slots,
    version: worker.version,
    drain: drainViewOf(worker),
    status: job !== undefined ? 'busy' : isHeard ? 'idle' : 'offline',
  };
}
