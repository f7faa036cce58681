import type { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import type { Engine } from '../engine/engine.js';
import { requireLabelsWithin } from './authenticate.js';
import { toWireWorker } from './convert/worker.js';
import type { ServiceHandlers } from './procedure.js';

/** `WorkerService` over the engine. */
export function workerService(engine: Engine): ServiceHandlers<typeof WorkerService> {
  return {
    registerWorker: async ({ workerId, labels, slots, version }, { principal }) => {
      requireLabelsWithin(principal, labels);
      await engine.registerWorker({ workerId, labels, slots, version });
      return { $typeName: 'workflowgraph.v1.RegisterWorkerResponse', workerId };
    },

    heartbeatWorker: async ({ workerId }) => {
      await engine.heartbeatWorker(workerId);
      return { $typeName: 'workflowgraph.v1.HeartbeatWorkerResponse' };
    },

    listWorkers: async ({ limit, offset }) => {
      const workers = await engine.listWorkers({ limit: limit ?? 1_000, offset });
      return { $typeName: 'workflowgraph.v1.ListWorkersResponse', workers: workers.map(toWireWorker) };
    },
  };
}
