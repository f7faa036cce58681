import { liveAttempts } from '../store/statements/attempts.js';
import { listWorkers } from '../store/statements/workers.js';
import type { EngineContext } from './context.js';
import type { WorkerView } from './engine.js';
import { offlineAfterMs } from './workers-seen.js';

/** How many live attempts the list looks at. */
const liveMax = 100_000;

/** The workers, newest registration first, with what each runs. */
export function listWorkersVerb({ store, environment }: EngineContext) {
  return async (page: { limit: number; offset: number }): Promise<WorkerView[]> => {
    const workers = await listWorkers.run(store.longRead, page);
    if (workers.length === 0) return [];
    const running = new Map<string, { key: string; runId: string; count: number }>();
    for (const attempt of await liveAttempts.run(store.longRead, { limit: liveMax })) {
      const known = running.get(attempt.worker_id);
      if (known !== undefined) known.count += 1;
      else running.set(attempt.worker_id, { key: attempt.key, runId: attempt.run_id, count: 1 });
    }
    return workers.map((worker): WorkerView => {
      const job = running.get(worker.id);
      const isHeard = environment.now() - worker.seen_at_ms < offlineAfterMs;
      return {
        workerId: worker.id,
        labels: JSON.parse(worker.labels) as string[],
        registeredAtMs: worker.registered_at_ms,
        lastHeartbeatMs: worker.seen_at_ms,
        currentJob: job?.key ?? null,
        currentRunId: job?.runId ?? null,
        running: job?.count ?? 0,
        slots: worker.slots,
        version: worker.version,
        status: job !== undefined ? 'busy' : isHeard ? 'idle' : 'offline',
      };
    });
  };
}
