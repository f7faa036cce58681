import type { Worker, WorkerDrain } from '../../../gen/workflowgraph/v1/worker_service_pb.js';
import type { DrainView, WorkerView } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';
import { toWireWorkerStatus } from './states.js';

export function toWireWorker(worker: WorkerView): Worker {
  return {
    $typeName: 'workflowgraph.v1.Worker',
    workerId: worker.workerId,
    labels: [...worker.labels],
    registeredAtMs: toInt64(worker.registeredAtMs),
    lastHeartbeatMs: toInt64(worker.lastHeartbeatMs),
    currentJob: worker.currentJob ?? undefined,
    status: toWireWorkerStatus(worker.status),
    currentWorkflowId: worker.currentRunId ?? undefined,
    running: worker.running,
    slots: worker.slots,
    version: worker.version,
    onlyLabelled: worker.onlyLabelled,
    ...(worker.drain === null ? {} : { drain: toWireDrain(worker.drain) }),
  };
}

export function toWireDrain({ sinceMs, by, reason, stop }: DrainView): WorkerDrain {
  return {
    $typeName: 'workflowgraph.v1.WorkerDrain',
    sinceMs: toInt64(sinceMs),
    reason,
    stop,
    ...(by === null ? {} : { by }),
  };
}
