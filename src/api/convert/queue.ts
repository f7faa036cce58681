import type {
  GetQueueResponse,
  GetWorkerResponse,
  ListQueuedJobsResponse,
  QueuedJob,
  QueuedLabelSet,
  RunningJob,
} from '../../../gen/workflowgraph/v1/worker_service_pb.js';
import type { QueuedJobsView, QueueView, WorkerDetails } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';
import { toWireWorker } from './worker.js';

export function toWireQueue(queue: QueueView): GetQueueResponse {
  return {
    $typeName: 'workflowgraph.v1.GetQueueResponse',
    atMs: toInt64(queue.atMs),
    waiting: toInt64(queue.waiting),
    labelSets: queue.labelSets.map(
      (set): QueuedLabelSet => ({
        $typeName: 'workflowgraph.v1.QueuedLabelSet',
        labelSet: set.labelSet,
        labels: [...set.labels],
        waiting: toInt64(set.waiting),
        oldestAtMs: toInt64(set.oldestAtMs),
        matchingWorkers: set.matchingWorkers,
        freeSlots: set.freeSlots,
        message: set.sentence,
        noMatchingWorker: set.isStuck,
      }),
    ),
  };
}

export function toWireQueuedJobs({ labels, jobs, more }: QueuedJobsView): ListQueuedJobsResponse {
  return {
    $typeName: 'workflowgraph.v1.ListQueuedJobsResponse',
    labels: [...labels],
    jobs: jobs.map(
      (job): QueuedJob => ({
        $typeName: 'workflowgraph.v1.QueuedJob',
        runId: job.run_id,
        workflow: job.workflow_id,
        workflowName: job.workflow_name,
        jobId: job.key,
        priority: job.priority,
        enqueuedAtMs: toInt64(job.enqueued_at_ms ?? 0),
      }),
    ),
    more,
  };
}

export function toWireWorkerDetails({ worker, running }: WorkerDetails): GetWorkerResponse {
  return {
    $typeName: 'workflowgraph.v1.GetWorkerResponse',
    worker: toWireWorker(worker),
    running: running.map(
      (job): RunningJob => ({
        $typeName: 'workflowgraph.v1.RunningJob',
        runId: job.run_id,
        workflow: job.workflow_id,
        workflowName: job.workflow_name,
        jobId: job.key,
        attempt: job.number,
        claimedAtMs: toInt64(job.claimed_at_ms),
        expiresAtMs: toInt64(job.expires_at_ms),
      }),
    ),
  };
}
