import type { RerunJob, RerunWorkflowResponse } from '../../../gen/workflowgraph/v1/runs_pb.js';
import type { RerunAnswer, RerunJobsView } from '../../engine/engine.js';

export function toWireRerun({ runId, generation, again, kept, skipped }: RerunAnswer): RerunWorkflowResponse {
  return {
    $typeName: 'workflowgraph.v1.RerunWorkflowResponse',
    runId,
    generation,
    jobs: toWireRerunJobs(again),
    jobCount: again.count,
    kept: toWireRerunJobs(kept),
    keptCount: kept.count,
    skipped: toWireRerunJobs(skipped),
    skippedCount: skipped.count,
  };
}

function toWireRerunJobs({ jobs }: RerunJobsView): RerunJob[] {
  return jobs.map(({ jobKey, reason }) => ({ $typeName: 'workflowgraph.v1.RerunJob', jobId: jobKey, reason }));
}
