import { notFound } from '../../domain/errors.js';
import { liveAttemptsOfWorker, type RunningJobRow } from '../../store/statements/queue.js';
import { workerById } from '../../store/statements/workers.js';
import type { EngineContext } from '../context.js';
import { viewLimits } from './limits.js';
import { toWorkerView, type WorkerView } from './list-workers.js';

export interface WorkerDetails {
  readonly worker: WorkerView;
  /** The jobs that it runs, oldest first. */
  readonly running: readonly RunningJobRow[];
}

/** One worker, with every job that it runs. Errors: `not_found`. */
export function workerDetailsVerb({ store, environment }: EngineContext) {
  return async (workerId: string): Promise<WorkerDetails> => {
    const [row] = await workerById.run(store.read, { id: workerId });
    if (row === undefined) throw notFound(`worker ${JSON.stringify(workerId)}`);
    const running = await liveAttemptsOfWorker.run(store.longRead, { worker: workerId, limit: viewLimits.runningJobs });
    const [first] = running;
    const current = first === undefined ? undefined : { key: first.key, runId: first.run_id, count: running.length };
    return { worker: toWorkerView(row, current, environment.now()), running };
  };
}
