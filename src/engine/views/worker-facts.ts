import type { WorkerFact } from '../../domain/why-facts.js';
import type { EngineContext } from '../context.js';
import { readWorkers, runningByWorker } from './list-workers.js';

/** Workers that are read, and workers of one query. */
const workersMax = 10_000;
const workersAtOnce = 1_000;

/** The workers in the form of reasons: each with those of its labels that matter. */
export async function loadWorkerFacts(context: EngineContext, asked: readonly string[]): Promise<WorkerFact[]> {
  const running = await runningByWorker(context);
  const facts: WorkerFact[] = [];
  for (let offset = 0; offset < workersMax; offset += workersAtOnce) {
    const workers = await readWorkers(context, { limit: workersAtOnce, offset }, running);
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
      });
    }
    if (workers.length < workersAtOnce) break;
  }
  return facts;
}
