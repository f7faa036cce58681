import {
  type WorkflowSummary as WireSummary,
  WorkflowSource,
} from '../../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { WorkflowSummary } from '../../engine/engine.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { toWireRunState } from './states.js';
import { toWireBrokenFile, toWireRun } from './workflow.js';

export const workflowSources: Readonly<Record<WorkflowSummary['source'], WorkflowSource>> = {
  file: WorkflowSource.FILE,
  api: WorkflowSource.API,
};

export function toWireWorkflowSummary(summary: WorkflowSummary): WireSummary {
  return {
    $typeName: 'workflowgraph.v1.WorkflowSummary',
    id: summary.id,
    name: summary.name,
    trigger: summary.trigger,
    source: workflowSources[summary.source],
    version: summary.version,
    jobs: summary.jobs,
    newestRun: summary.newestRun === null ? undefined : toWireRun(summary.newestRun),
    recentRuns: summary.recentRuns.map((run) => ({
      $typeName: 'workflowgraph.v1.WorkflowSummary.RecentRun',
      runId: run.runId,
      state: toWireRunState(run.state),
      createdAtMs: toInt64(run.createdAtMs),
      startedAtMs: toOptionalInt64(run.startedAtMs),
      endedAtMs: toOptionalInt64(run.endedAtMs),
    })),
    endedRuns: summary.endedRuns,
    succeededRuns: summary.succeededRuns,
    medianDurationMs: toOptionalInt64(summary.medianDurationMs),
    broken: summary.broken === null ? undefined : toWireBrokenFile(summary.broken),
  };
}
