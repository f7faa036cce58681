import type { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { utf8Bytes } from '../domain/limits.js';
import type { Engine, WorkerView } from '../engine/engine.js';
import { viewLimits } from '../engine/views/limits.js';
import { requireLabelsWithin } from './authenticate.js';
import { pageSize } from './convert/page-size.js';
import { toWireQueue, toWireQueuedJobs, toWireWorkerDetails } from './convert/queue.js';
import { toWireDrain, toWireWorker } from './convert/worker.js';
import type { ServiceHandlers } from './procedure.js';

/** The first workers whose labels fit into a page, at least one. */
function withinBytes(workers: readonly WorkerView[]): readonly WorkerView[] {
  let bytes = 0;
  const end = workers.findIndex(({ labels }, at) => {
    for (const label of labels) bytes += utf8Bytes(label);
    return at > 0 && bytes > viewLimits.workerPageBytes;
  });
  return end === -1 ? workers : workers.slice(0, end);
}

/** `WorkerService` over the engine. */
export function workerService(engine: Engine): ServiceHandlers<typeof WorkerService> {
  return {
    registerWorker: async ({ workerId, labels, slots, version, onlyLabelled }, { principal, caller }) => {
      requireLabelsWithin(principal, labels);
      await engine.registerWorker({
        caller,
        workerId,
        labels,
        onlyLabelled: onlyLabelled || principal.onlyLabelled,
        slots,
        version,
      });
      return { $typeName: 'workflowgraph.v1.RegisterWorkerResponse', workerId };
    },

    heartbeatWorker: async ({ workerId }, { caller }) => {
      await engine.heartbeatWorker(workerId, caller);
      const drain = engine.drainOf(workerId);
      return {
        $typeName: 'workflowgraph.v1.HeartbeatWorkerResponse',
        drain: drain !== null,
        drainStop: drain?.stop ?? false,
      };
    },

    drainWorker: async ({ workerId, stop, reason }, { caller }) => {
      const drain = toWireDrain(await engine.drainWorker({ caller, workerId, stop, reason }));
      return { $typeName: 'workflowgraph.v1.DrainWorkerResponse', drain };
    },

    undrainWorker: async ({ workerId }, { caller }) => {
      await engine.undrainWorker({ caller, workerId });
      return { $typeName: 'workflowgraph.v1.UndrainWorkerResponse' };
    },

    listWorkers: async ({ limit, offset }) => {
      const size = pageSize(limit, 1_000);
      // One more row shows whether there is another page.
      const found = await engine.listWorkers({ limit: size + 1, offset });
      const workers = withinBytes(found.slice(0, size));
      const nextOffset = workers.length < found.length ? offset + workers.length : 0;
      return { $typeName: 'workflowgraph.v1.ListWorkersResponse', workers: workers.map(toWireWorker), nextOffset };
    },

    getWorker: async ({ workerId }) => toWireWorkerDetails(await engine.workerDetails(workerId)),

    getQueue: async () => toWireQueue(await engine.queue()),

    listQueuedJobs: async ({ labelSet, limit }) => toWireQueuedJobs(await engine.queuedJobs(labelSet, pageSize(limit))),
  };
}
