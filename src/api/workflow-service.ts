import type { Workflow } from '../../gen/workflowgraph/v1/types_pb.js';
import type { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { DomainError } from '../domain/errors.js';
import { readTraceparent } from '../domain/traceparent.js';
import type { Engine } from '../engine/engine.js';
import { definitionFormat } from './convert/document.js';
import { fromWireMap } from './convert/maps.js';
import { fromInt64 } from './convert/numbers.js';
import { fromWireJobStatus, fromWireRunState } from './convert/states.js';
import { toWireExplanation } from './convert/why.js';
import { toWireRun, toWireWorkflow } from './convert/workflow.js';
import type { ServiceHandlers } from './procedure.js';
import { watchRuns } from './watch-runs.js';
import { whileRead } from './while-read.js';

/** Entries of a page when the caller does not say. */
const pageEntries = 100;

/** `WorkflowService` over the engine. */
export function workflowService(engine: Engine): ServiceHandlers<typeof WorkflowService> {
  return {
    listWorkflows: async ({ limit, offset, status }) => {
      const views = await engine.listWorkflows({
        limit: limit ?? pageEntries,
        offset,
        status: fromWireJobStatus('status', status),
      });
      const workflows: Workflow[] = [];
      for (const view of views) workflows.push(await toWireWorkflow(view));
      return { $typeName: 'workflowgraph.v1.ListWorkflowsResponse', workflows };
    },

    createWorkflow: async ({ definition }, { caller }) => {
      if (definition === undefined || definition.data.length === 0) {
        throw new DomainError('malformed', 'definition: a workflow definition is needed, in YAML or JSON');
      }
      const view = await engine.createWorkflow({ caller, text: definition.data, format: definitionFormat(definition) });
      return { $typeName: 'workflowgraph.v1.CreateWorkflowResponse', workflow: await toWireWorkflow(view) };
    },

    getWorkflowStatus: async ({ id }) => {
      const view = await engine.workflowStatus(id);
      return { $typeName: 'workflowgraph.v1.GetWorkflowStatusResponse', workflow: await toWireWorkflow(view) };
    },

    runWorkflow: async ({ id, inputs, requestId }, { caller, context }) => {
      const { runId } = await engine.startRun({
        caller,
        id,
        inputs: fromWireMap(inputs),
        requestId: requestId ?? null,
        traceparent: readTraceparent(context.traceparent),
      });
      return { $typeName: 'workflowgraph.v1.RunWorkflowResponse', runId };
    },

    cancelWorkflow: async ({ id }, { caller }) => {
      const { runId } = await engine.cancelRun(caller, id);
      return { $typeName: 'workflowgraph.v1.CancelWorkflowResponse', runId };
    },

    explainJob: async ({ id, jobId }) => toWireExplanation(await engine.explainJob(id, jobId)),

    listRuns: async ({ workflow, state, limit, pageToken }) => {
      const { runs, nextPageToken } = await engine.listRuns({
        workflow,
        state: fromWireRunState('state', state),
        limit: limit ?? pageEntries,
        pageToken,
      });
      return { $typeName: 'workflowgraph.v1.ListRunsResponse', runs: runs.map(toWireRun), nextPageToken };
    },

    watchRuns: async ({ id, afterEvent }, { context }) => {
      // Asked before the stream begins, so that a run that does not exist is a refusal and not an empty stream.
      if (id !== '') await engine.runOf(id);
      const query = { id, afterEvent: afterEvent === undefined ? null : fromInt64('after_event', afterEvent) };
      return whileRead(watchRuns(engine, query, context.signal), ({ lastEvent }) => `event ${lastEvent}`);
    },
  };
}
