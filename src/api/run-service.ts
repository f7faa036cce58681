import type { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import type { Engine } from '../engine/engine.js';
import { toWireBackoff } from './convert/backoff.js';
import { toWireJobHistory } from './convert/job-history.js';
import { fromWireJobPhases, toWireJobPhase } from './convert/job-phase.js';
import { fromInt64, toOptionalInt64 } from './convert/numbers.js';
import { toWireRunGraph } from './convert/run-graph.js';
import { toWireRunJobs } from './convert/run-jobs.js';
import { toWireJobStatus } from './convert/states.js';
import { toWireStatistics } from './convert/statistics.js';
import { toWireAttempt } from './convert/why.js';
import { toWireJob } from './convert/workflow.js';
import type { ServiceHandlers } from './procedure.js';

/** Jobs of a run on a page. */
const runJobsMax = 20_000;
const dayMs = 24 * 60 * 60 * 1000;
const historyRunsDefault = 30;
const historyRunsMax = 50;

/** `RunService` over the engine. */
export function runService(engine: Engine): ServiceHandlers<typeof RunService> {
  return {
    getRunGraph: async ({ workflow, version }) => toWireRunGraph(await engine.runGraph(workflow, version)),

    listRunJobs: async ({ id, fromOrdinal, limit, phases, childrenOf }) =>
      toWireRunJobs(
        await engine.listRunJobs({
          id,
          fromOrdinal,
          limit: Math.min(limit ?? runJobsMax, runJobsMax),
          childrenOf,
          states: phases.flatMap((phase, at) => fromWireJobPhases(`phases[${at}]`, phase)),
        }),
      ),

    getJobHistory: async ({ workflow, limit, pageToken }) =>
      toWireJobHistory(
        await engine.jobHistory({
          workflow,
          limit: limit === 0 ? historyRunsDefault : Math.min(limit, historyRunsMax),
          pageToken,
        }),
      ),

    getStatistics: async ({ workflow, sinceMs, bucketMs }) =>
      toWireStatistics(
        await engine.statistics({
          workflow,
          sinceMs: sinceMs === undefined ? null : fromInt64('since_ms', sinceMs),
          bucketMs: bucketMs === 0n ? dayMs : fromInt64('bucket_ms', bucketMs),
        }),
      ),

    getJob: async ({ id, jobId }) => {
      const found = await engine.jobDetails(id, jobId);
      const { spec } = found.job;
      return {
        $typeName: 'workflowgraph.v1.GetJobResponse',
        runId: found.runId,
        workflow: found.workflowId,
        version: found.version,
        job: toWireJob(found.job),
        steps: spec.steps.map(({ id, name, run, env }) => ({ $typeName: 'workflowgraph.v1.Step', id, name, run, env })),
        env: spec.env,
        retryPolicy: {
          $typeName: 'workflowgraph.v1.RetryPolicy',
          maxRetries: spec.retry.maxRetries,
          backoff: toWireBackoff(spec.retry.backoff),
        },
        phase: toWireJobPhase(found.state),
        ordinal: found.ordinal,
        enqueuedAtMs: toOptionalInt64(found.enqueuedAtMs),
        attempts: found.attempts.map(toWireAttempt),
        attemptsTotal: found.attemptsTotal,
        group: found.child?.group,
        index: found.child?.index,
        matrixJson: found.child?.matrix,
        stepStates: found.steps.map(({ status, startedAtMs, endedAtMs }) => ({
          $typeName: 'workflowgraph.v1.StepState',
          status: toWireJobStatus(status),
          startedAtMs: toOptionalInt64(startedAtMs),
          endedAtMs: toOptionalInt64(endedAtMs),
        })),
      };
    },
  };
}
