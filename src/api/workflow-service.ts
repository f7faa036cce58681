import type { ListRunsRequest } from '../../gen/workflowgraph/v1/runs_pb.js';
import type { Workflow } from '../../gen/workflowgraph/v1/types_pb.js';
import type { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { DomainError } from '../domain/errors.js';
import type { RunState } from '../domain/states.js';
import { readTraceparent } from '../domain/traceparent.js';
import type { Engine } from '../engine/engine.js';
import { fromWireBackfillOrder, toWireBackfill } from './convert/backfill.js';
import { definitionFormat } from './convert/document.js';
import { toWireInputs } from './convert/inputs.js';
import { fromWireMap } from './convert/maps.js';
import { fromInt64, toInt64 } from './convert/numbers.js';
import { pageSize } from './convert/page-size.js';
import { toWireRerun } from './convert/rerun.js';
import { toWireSchedule } from './convert/schedule.js';
import { fromWireJobStatus, fromWireRunState } from './convert/states.js';
import { toWireExplanation } from './convert/why.js';
import { toWireRunExplanation } from './convert/why-run.js';
import { toWireRun, toWireWorkflow } from './convert/workflow.js';
import { toWireWorkflowSummary } from './convert/workflow-summary.js';
import { endWhenUnread } from './end-when-unread.js';
import type { ServiceHandlers } from './procedure.js';
import { unknownFieldsOf } from './unknown-fields.js';
import { fromWireWatchLevel, heartbeatAfter, watchRuns, watchSeveralRuns } from './watch-runs.js';
import { withHeartbeats } from './with-heartbeats.js';

/** How many children of a job one answer has. */
const childrenMax = 1_000;

/** Jobs of a list of workflows in one answer, some 6 MiB; a larger workflow is an answer by itself. */
const jobsMax = 20_000;

/** Workflows on a page of summaries. */
const summariesMax = 200;

/** Longest silence of a stream with heartbeats. */
const heartbeatMs = 15_000;

/** Runs on a page with details. */
const detailedRunsMax = 100;

/** `WorkflowService` over the engine. */
export function workflowService(engine: Engine): ServiceHandlers<typeof WorkflowService> {
  return {
    listWorkflows: async ({ limit, offset, status }) => {
      const page = await engine.listWorkflows({
        limit: pageSize(limit),
        offset,
        status: fromWireJobStatus('status', status),
        jobsMax,
      });
      const workflows: Workflow[] = [];
      for (const view of page.workflows) workflows.push(await toWireWorkflow(view));
      return { $typeName: 'workflowgraph.v1.ListWorkflowsResponse', workflows, nextOffset: page.nextOffset ?? 0 };
    },

    listWorkflowSummaries: async ({ limit, pageToken, query }) => {
      const page = await engine.listWorkflowSummaries({
        limit: Math.min(limit ?? 100, summariesMax),
        pageToken,
        query,
      });
      return {
        $typeName: 'workflowgraph.v1.ListWorkflowSummariesResponse',
        workflows: page.workflows.map(toWireWorkflowSummary),
        nextPageToken: page.nextPageToken,
      };
    },

    createWorkflow: async ({ definition, requestId }, { caller, context }) => {
      if (definition === undefined || definition.data.length === 0) {
        throw new DomainError('malformed', 'definition: a workflow definition is needed, in YAML or JSON');
      }
      const view = await engine.createWorkflow({
        caller,
        text: definition.data,
        format: definitionFormat(definition),
        requestId: requestId ?? null,
        signal: context.signal,
      });
      return { $typeName: 'workflowgraph.v1.CreateWorkflowResponse', workflow: await toWireWorkflow(view) };
    },

    removeWorkflow: async ({ id }, { caller }) => {
      await engine.removeWorkflow(caller, id);
      return { $typeName: 'workflowgraph.v1.RemoveWorkflowResponse' };
    },

    getWorkflowStatus: async ({ id, jobId, children, limit, offset }) => {
      const view =
        children === ''
          ? await engine.workflowStatus(id, jobId)
          : await engine.childrenStatus(id, {
              of: children,
              limit: Math.min(limit ?? childrenMax, childrenMax),
              offset,
            });
      return { $typeName: 'workflowgraph.v1.GetWorkflowStatusResponse', workflow: await toWireWorkflow(view) };
    },

    getWorkflowInputs: async ({ id }) => toWireInputs(await engine.workflowInputs(id)),

    runWorkflow: async (request, { caller, context }) => {
      const { id, inputs, requestId } = request;
      const { runId, warning } = await engine.startRun({
        caller,
        id,
        inputs: fromWireMap(inputs),
        unknownFields: unknownFieldsOf(request),
        requestId: requestId ?? null,
        traceparent: readTraceparent(context.traceparent),
      });
      return { $typeName: 'workflowgraph.v1.RunWorkflowResponse', runId, warning };
    },

    cancelWorkflow: async ({ id, force, requestId }, { caller }) => {
      const { runId } = await engine.cancelRun({ caller, id, force, requestId: requestId ?? null });
      return { $typeName: 'workflowgraph.v1.CancelWorkflowResponse', runId };
    },

    rerunWorkflow: async ({ id, failed, jobs, dependants, force, requestId, dryRun }, { caller }) =>
      toWireRerun(
        await engine.rerunRun({
          caller,
          id,
          failed,
          jobs,
          dependants: dependants ?? true,
          force,
          requestId: requestId ?? null,
          dryRun,
        }),
      ),

    explainJob: async ({ id, jobId, attempt }) =>
      toWireExplanation(await engine.explainJob(id, jobId, attempt ?? null)),

    explainRun: async ({ id }) => toWireRunExplanation(await engine.explainRun(id)),

    listRuns: async (request) => {
      const { workflow, workflows, limit, withDetails } = request;
      const { runs, nextPageToken, lastEvent } = await engine.listRuns({
        workflows: [...new Set(workflow === '' ? workflows : [workflow, ...workflows])],
        states: statesOf(request),
        createdAfterMs: optionalMs('created_after_ms', request.createdAfterMs),
        createdBeforeMs: optionalMs('created_before_ms', request.createdBeforeMs),
        startedBy: request.startedBy,
        query: request.query,
        limit: withDetails ? Math.min(pageSize(limit), detailedRunsMax) : pageSize(limit),
        pageToken: request.pageToken,
        withDetails,
      });
      return {
        $typeName: 'workflowgraph.v1.ListRunsResponse',
        runs: runs.map(toWireRun),
        nextPageToken,
        lastEvent: toInt64(lastEvent),
      };
    },

    listSchedules: async ({ workflow, limit, pageToken }) => {
      const { schedules, nextPageToken } = await engine.listSchedules({ workflow, limit: pageSize(limit), pageToken });
      return {
        $typeName: 'workflowgraph.v1.ListSchedulesResponse',
        schedules: schedules.map(toWireSchedule),
        nextPageToken,
      };
    },

    pauseSchedule: async ({ id, schedule, reason }, { caller }) => {
      await engine.pauseSchedule({ caller, workflow: id, schedule, reason });
      const view = await engine.scheduleView(id, schedule);
      return { $typeName: 'workflowgraph.v1.PauseScheduleResponse', schedule: toWireSchedule(view) };
    },

    resumeSchedule: async ({ id, schedule }, { caller }) => {
      await engine.resumeSchedule({ caller, workflow: id, schedule });
      const view = await engine.scheduleView(id, schedule);
      return { $typeName: 'workflowgraph.v1.ResumeScheduleResponse', schedule: toWireSchedule(view) };
    },

    createBackfill: async (request, { caller }) => {
      const backfill = await engine.createBackfill({
        caller,
        workflow: request.id,
        schedule: request.schedule,
        fromMs: Number(request.fromMs),
        toMs: Number(request.toMs),
        maxLive: request.maxLive ?? 1,
        order: fromWireBackfillOrder(request),
        again: request.again,
        dryRun: request.dryRun,
      });
      return { $typeName: 'workflowgraph.v1.CreateBackfillResponse', backfill: toWireBackfill(backfill) };
    },

    listBackfills: async ({ id }) => ({
      $typeName: 'workflowgraph.v1.ListBackfillsResponse',
      backfills: (await engine.listBackfills(id)).map(toWireBackfill),
    }),

    cancelBackfill: async ({ id, backfill }, { caller }) => ({
      $typeName: 'workflowgraph.v1.CancelBackfillResponse',
      backfill: toWireBackfill(await engine.cancelBackfill({ caller, workflow: id, backfill })),
    }),

    watchRuns: async (request, { context: { signal } }) => {
      const { id, ids, heartbeats } = request;
      const afterEvent = request.afterEvent === undefined ? null : fromInt64('after_event', request.afterEvent);
      const level = fromWireWatchLevel(request.level);
      const isSeveral = ids.length > 0 || level === 'runs';
      if (isSeveral && id !== '') throw new DomainError('malformed', 'id: give it as one of `ids`');
      // Checked before the stream begins, so that a missing run is an error and not an empty stream.
      for (const one of id === '' ? ids : [id]) await engine.runOf(one);
      const items = isSeveral
        ? watchSeveralRuns(engine, { ids, afterEvent, level }, signal)
        : watchRuns(engine, { id, afterEvent }, signal);
      const beating = heartbeats ? withHeartbeats(items, heartbeatAfter(afterEvent), heartbeatMs) : items;
      return endWhenUnread(beating, ({ lastEvent }) => `event ${lastEvent}`);
    },
  };
}

/** The states that a list of runs requests, in `state` or in `states`; none for any. */
function statesOf({ state, states }: ListRunsRequest): RunState[] {
  const one = fromWireRunState('state', state);
  const several = states.map((each, at) => fromWireRunState(`states[${at}]`, each));
  const asked = [one, ...several].filter((each) => each !== null);
  return [...new Set(asked)];
}

function optionalMs(field: string, value: bigint | undefined): number | null {
  return value === undefined ? null : fromInt64(field, value);
}
