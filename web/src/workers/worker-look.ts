import { WorkerStatus } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import type { Look } from '../run/phases.js';

const looks: Readonly<Record<WorkerStatus, { readonly look: Look; readonly word: string }>> = {
  [WorkerStatus.UNSPECIFIED]: { look: 'blocked', word: 'unknown' },
  [WorkerStatus.IDLE]: { look: 'waiting', word: 'idle' },
  [WorkerStatus.BUSY]: { look: 'running', word: 'busy' },
  [WorkerStatus.OFFLINE]: { look: 'cancelled', word: 'offline' },
};

/** The look of a worker's state. */
export function lookOfWorker(status: WorkerStatus): { readonly look: Look; readonly word: string } {
  return looks[status] ?? looks[WorkerStatus.UNSPECIFIED];
}
