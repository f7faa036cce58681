import { type GetJobHistoryResponse, JobPhase } from '../../../gen/workflowgraph/v1/run_service_pb.js';
import type { JobHistoryPage } from '../../engine/engine.js';
import { toWireJobPhase } from './job-phase.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { toWireRun } from './workflow.js';

export function toWireJobHistory({ runs, jobs, nextPageToken }: JobHistoryPage): GetJobHistoryResponse {
  return {
    $typeName: 'workflowgraph.v1.GetJobHistoryResponse',
    runs: runs.map(toWireRun),
    jobs: jobs.map(({ key, entries, statistics }) => ({
      $typeName: 'workflowgraph.v1.JobHistory',
      jobId: key,
      phases: entries.map((entry) => (entry === null ? JobPhase.ABSENT : toWireJobPhase(entry.state))),
      durationsMs: entries.map((entry) => toInt64(entry?.durationMs ?? 0)),
      attempts: entries.map((entry) => entry?.attempt ?? 0),
      ended: statistics.ended,
      failed: statistics.failed,
      flaky: statistics.flaky,
      medianMs: toOptionalInt64(statistics.medianMs),
      p95Ms: toOptionalInt64(statistics.p95Ms),
    })),
    nextPageToken,
  };
}
