import type { WorkerFact } from '../../domain/why-facts.js';
import type { EngineContext } from '../context.js';
import { viewLimits } from './limits.js';
import { readWorkers, runningByWorker } from './list-workers.js';

/** The workers in the form of reasons: each with those of its labels that matter. */
export async function loadWorkerFacts(context: EngineContext, asked: readonly string[]): Promise<WorkerFact[]> {
  const running = await runningByWorker(context);
  const facts: WorkerFact[] = [];
  for (let offset = 0; offset < viewLimits.workersRead; offset += viewLimits.workersPerQuery) {
    const workers = await readWorkers(context, { limit: viewLimits.workersPerQuery, offset }, running);
    for (const worker of workers) {
      // A plain worker does not report slots: it takes one job at a time.
      const freeSlots = Math.max(0, Math.max(1, worker.slots) - worker.running);
      facts.push({
        workerId: worker.workerId,
        // A worker may have many labels; only these matter here.
        labels: asked.filter((label) => worker.labels.includes(label)),
        onlyLabelled: worker.onlyLabelled,
        isLive: worker.status !== 'offline',
        isFree: freeSlots > 0,
        freeSlots,
        seenAtMs: worker.lastHeartbeatMs,
        drain: worker.drain,
      });
    }
    if (workers.length < viewLimits.workersPerQuery) break;
  }
  return facts;
}
