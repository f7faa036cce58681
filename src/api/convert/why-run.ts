import type { ExplainRunResponse, RunReason, RunReason_Holder } from '../../../gen/workflowgraph/v1/why_pb.js';
import { jobStatus } from '../../domain/states.js';
import type { RunExplanation } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';
import { toWireJobStatus, toWireRunState } from './states.js';
import { toWireReasonCode } from './why.js';

export function toWireRunExplanation(explanation: RunExplanation): ExplainRunResponse {
  return {
    $typeName: 'workflowgraph.v1.ExplainRunResponse',
    runId: explanation.runId,
    workflow: explanation.workflowId,
    state: toWireRunState(explanation.state),
    atMs: toInt64(explanation.atMs),
    jobs: explanation.jobs,
    succeeded: explanation.succeeded,
    reasons: explanation.reasons.map(
      (reason): RunReason => ({
        $typeName: 'workflowgraph.v1.RunReason',
        code: toWireReasonCode(reason.code),
        message: reason.sentence,
        status: toWireJobStatus(reason.status),
        count: reason.count,
        jobIds: [...reason.jobKeys],
        requiredLabels: [...reason.requiredLabels],
        holders: reason.holders.map(
          ({ jobKey, state, holds }): RunReason_Holder => ({
            $typeName: 'workflowgraph.v1.RunReason.Holder',
            jobId: jobKey,
            status: toWireJobStatus(jobStatus(state)),
            holds,
          }),
        ),
        holderCount: reason.holderCount,
      }),
    ),
  };
}
